"""A small fleet in a database, the same each time: one attacked device among many, and one of every kind of trouble."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from sqlalchemy import insert

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store import tables
from edgeguard.telemetry.summary import SummaryBuilder

CLASSES = ("normal", "arrhythmia", "noise")
BUNDLES = (("ecg-exits", "1.0", "a" * 64), ("ecg-exits", "1.1", "b" * 64))
PLAIN = 64
STEP_MS = 600_000
# device -> what is peculiar about its row; ids are 1, 2, … in this order, the plain ones after them
PECULIAR = {
    "holter-attacked": {
        "open_alarms": 2,
        "largest_alarm": 200,
        "alarms_day": 410,
        "disagreement_day": 0.38,
        "battery": 0.64,
    },
    "holter-clock": {"clock_offset_ms": -56 * 365 * DAY_MS, "battery": 0.9},
    "holter-flood": {"limited": 12_400},
    "holter-lossy": {"missing": 37, "waiting": 420, "dropped": {"telemetry": 9}},
    "holter-offline": {"status": "offline", "battery": 0.04},
    "holter-stopped": {"status": "stopped", "battery": None, "bundle_id": 1},
    "holter-unknown": {"status": "unknown", "bundle_id": None, "windows_day": 0, "disagreement_day": None},
}
NAMES = [*PECULIAR, *(f"holter-{k:03}" for k in range(PLAIN))]
IDS = {name: k for k, name in enumerate(NAMES, start=1)}
ATTACKED = IDS["holter-attacked"]


def fill(database, now_ms):
    """Everything at once; `now_ms` is when the last messages came."""
    now_ms -= now_ms % STEP_MS
    with database.writing() as connection:
        for table, rows in {
            tables.bundles: _bundles(now_ms),
            tables.devices: [_device(name, now_ms) for name in NAMES],
            tables.boots: [_boot(name, now_ms) for name in NAMES],
            tables.presence: _presence(now_ms),
            tables.deployments: _deployments(now_ms),
            tables.summaries: _summaries(now_ms),
            tables.hours: _hours(now_ms),
            tables.alarms: _alarms(now_ms),
            tables.commands: _commands(now_ms),
            tables.wearers: [{"id": 1, "pseudonym": "P-001", "created_ms": now_ms - 40 * DAY_MS}],
            tables.wearings: [{"id": 1, "wearer_id": 1, "device_id": ATTACKED, "from_ms": now_ms - 20 * DAY_MS}],
            tables.quarantine: _quarantine(now_ms),
        }.items():
            connection.execute(insert(table), rows)


def _bundles(now_ms):
    return [
        {"id": k, "name": name, "version": version, "sha256": sha256, "first_seen_ms": now_ms - (40 - 20 * k) * DAY_MS}
        for k, (name, version, sha256) in enumerate(BUNDLES, start=1)
    ]


def _device(name, now_ms):
    k = IDS[name]
    silent_ms = {"offline": 3 * HOUR_MS, "stopped": 2 * DAY_MS, "unknown": 9 * DAY_MS}
    row = {
        "id": k,
        "fleet": "ward-a" if k % 2 else "ward-b",
        "device": name,
        "first_seen_ms": now_ms - 40 * DAY_MS,
        "status": "online",
        "boot": f"{k:016x}",
        "software": "0.5.0",
        "bundle_id": 2,
        "sources": ["chest"],
        "waiting": 0,
        "dropped": {},
        "battery": 0.3 + 0.6 * (k * 37 % 100) / 100,
        "limited": 0,
        "clock_offset_ms": None,
        "missing": 0,
        "windows_day": 17_000 + 11 * k,
        "rejected_day": 200 + 7 * k,
        "alarms_day": k % 5,
        "disagreement_day": 0.02 + 0.0005 * k,
        "open_alarms": 0,
        "largest_alarm": 0,
        **PECULIAR.get(name, {}),
    }
    last_ms = now_ms - silent_ms.get(row["status"], 0)
    return {**row, "last_seen_ms": last_ms, "limited_ms": last_ms if row["limited"] else None}


def _boot(name, now_ms):
    k, missing = IDS[name], PECULIAR.get(name, {}).get("missing", 0)
    received = f"1-400,{401 + missing}-1000" if missing else "1-1000"
    span = {"first_ms": now_ms - 10 * DAY_MS, "last_ms": now_ms - 60_000}
    counts = {"received": received, "messages": 1000 - missing, "missing": missing}
    return {"id": k, "device_id": k, "boot": f"{k:016x}", **span, **counts}


def _presence(now_ms):
    changes = [(10 * DAY_MS, "online"), (30 * HOUR_MS, "offline"), (29 * HOUR_MS, "online")]
    return [
        {"device_id": ATTACKED, "at_ms": now_ms - ago, "status": status, "boot": f"{ATTACKED:016x}"}
        for ago, status in changes
    ]


def _deployments(now_ms):
    rows = []
    for k in IDS.values():
        changed_ms = now_ms - 4 * DAY_MS + k * HOUR_MS // 2
        rows.append({"device_id": k, "bundle_id": 1, "since_ms": now_ms - 40 * DAY_MS, "until_ms": changed_ms})
        rows.append({"device_id": k, "bundle_id": 2, "since_ms": changed_ms, "until_ms": None})
    rows = [row for row in rows if (row["device_id"], row["bundle_id"]) != (IDS["holter-stopped"], 2)]
    return [{**row, "until_ms": None} if row["device_id"] == IDS["holter-stopped"] else row for row in rows]


def _summaries(now_ms):
    """A day of the attacked device; the attack is on for the last three hours, and two hours are missing before it."""
    rows = []
    for k in range(144):
        at_ms = now_ms - (143 - k) * STEP_MS
        if 110 <= k < 122:
            continue
        span = {"from_ms": at_ms - STEP_MS, "to_ms": at_ms, "at_ms": at_ms, "received_ms": at_ms + 900}
        who = {"device_id": ATTACKED, "boot_id": ATTACKED, "seq": k, "source": "chest", "bundle_id": 2}
        rows.append({**who, **span, "waiting": 0, "battery": 1 - k / 400, **sums(k, attacked=k >= 126)})
    return rows


def _hours(now_ms):
    """Eight days of twenty devices; with the newer model more windows are rejected."""
    first_ms = (now_ms // HOUR_MS - 24 * 8) * HOUR_MS
    older = [sums(k, attacked=False, rejected=2 + k % 3) for k in range(20)]
    newer = [sums(k, attacked=False, rejected=15 + k % 9) for k in range(20)]
    rows = []
    for device_id in range(1, 21):
        for k in range(24 * 8):
            bucket_ms = first_ms + k * HOUR_MS
            is_newer = bucket_ms >= now_ms - 4 * DAY_MS + device_id * HOUR_MS // 2
            key = {"device_id": device_id, "bucket_ms": bucket_ms, "source": "chest", "bundle_id": 1 + is_newer}
            rows.append({**key, "battery": 0.8, **(newer if is_newer else older)[(device_id + k) % 20]})
    return rows


def sums(seed, *, attacked, windows=120, rejected=3):
    """The columns of figures that a tally of `windows` windows gives."""
    rng, builder = np.random.default_rng(seed), SummaryBuilder(CLASSES, 1.0)
    for _ in range(windows - rejected):
        predicted = int(rng.random() < 0.2) + int(rng.random() < 0.05)
        score = abs(rng.normal(0.4, 0.1)) if attacked else abs(rng.normal(0.03, 0.01))
        confidence = 0.5 + 0.1 * rng.random() if attacked else 0.85 + 0.1 * rng.random()
        rest = (1 - confidence) / 2
        exits = np.full((3, 3), rest)
        exits[:, predicted] = confidence
        verdict = {"predicted": predicted, "confidence": confidence, "exit_probabilities": exits}
        builder.add(**verdict, disagreement=score, alarm=score > 0.25, latency_ms=4 + rng.random())
    for _ in range(rejected):
        builder.reject("flat line" if rng.random() < 0.5 else "noise")
    tally = builder.take(gaps=int(rng.random() < 0.2), missing_samples=int(rng.integers(0, 40)))
    return columns(tally)


def columns(tally):
    """A tally as the columns of its row."""
    confidence_sum = math.fsum(histogram.sum for histogram in tally.confidence.values())
    counts = {name: getattr(tally, name) for name in ("windows", "alarms", "suppressed", "gaps")}
    samples = {"missing_samples": tally.missing_samples, "repeated_samples": tally.repeated_samples}
    means = {"disagreement_sum": tally.disagreement.sum, "margin_sum": tally.margin.sum}
    return {
        **counts,
        **samples,
        **means,
        "rejected": sum(tally.rejected.values()),
        "faults": sum(tally.faults.values()),
        "confidence_sum": confidence_sum,
        "latency_sum": tally.latency_ms.sum,
        "tally": msgspec.json.encode(tally),
    }


def _alarms(now_ms):
    verdict = {
        "source": "chest",
        "kind": "window",
        "bundle_id": 2,
        "score": "mutual_information",
        "threshold": 0.25,
        "predicted": "arrhythmia",
        "confidence": 0.55,
        "probabilities": {"normal": 0.3, "arrhythmia": 0.55, "noise": 0.15},
        "exit_probabilities": [0.9, 0.5, 0.25],
        "device_id": ATTACKED,
        "boot_id": ATTACKED,
    }
    began = [(170 * 60_000, None, "open"), (60 * 60_000, None, "open"), (26 * HOUR_MS, 25 * HOUR_MS, "closed")]
    return [
        {
            **verdict,
            "seq": 100 + k,
            "window_start": 1000 * k,
            "began_ms": now_ms - ago,
            "ended_ms": None if end is None else now_ms - end,
            "windows": 200 + k,
            "value": 0.4 + 0.05 * k,
            "status": status,
            "changed_ms": now_ms - ago,
        }
        for k, (ago, end, status) in enumerate(began)
    ]


def _commands(now_ms):
    answered = {"answered_ms": now_ms - 50 * 60_000, "done": True}
    rows = [{"id": "c1", "action": "ping", "sent_ms": now_ms - 51 * 60_000, **answered}]
    rows.append({"id": "c2", "action": "self_test", "sent_ms": now_ms - 60_000, "answered_ms": None, "done": None})
    return [{**row, "device_id": ATTACKED} for row in rows]


def _quarantine(now_ms):
    row = {"topic": "edgeguard/v1/ward-a/x/telemetry", "reason": "not JSON", "size": 9, "payload": b"<b>{</b>"}
    return [{**row, "received_ms": now_ms - k * 60_000, "kind": 0} for k in range(5)]
