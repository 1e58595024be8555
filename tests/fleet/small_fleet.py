"""Three devices with a past, one attacked, one gone; and people of every kind."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import insert

from edgeguard.fleet.actions import tokens
from edgeguard.fleet.actor import PERMISSIONS, Actor
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.secret import csrf_from, sha256_of
from edgeguard.fleet.store import accounts, sessions
from edgeguard.fleet.store import tables as t
from edgeguard.fleet.store.sums import columns_of
from edgeguard.telemetry.histogram import DisagreementHistogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.tally import Tally

NOW_MS = 472_222 * HOUR_MS  # in 2023
SINCE_MS = NOW_MS - 10 * HOUR_MS  # when the second model came
HOSTILE = "=<script>alert('x')</script>"


def tally(windows=100, rejected=10, alarms=1, disagreement=0.1):
    """`windows` windows of class N, `rejected` of them flat, all others with the same disagreement."""
    judged = windows - rejected
    return Tally(
        windows=windows,
        rejected={"flat": rejected} if rejected else {},
        gaps=0,
        missing_samples=0,
        repeated_samples=0,
        faults={},
        alarms=alarms,
        suppressed=0,
        stages=(judged,),
        predictions={"N": judged},
        confidence={"N": ShareHistogram.of([0.9] * judged)},
        probability={"N": float(judged)},
        disagreement=DisagreementHistogram.of([disagreement] * judged),
        margin=ShareHistogram.of([0.8] * judged),
        latency_ms=LatencyHistogram.of([20.0] * judged),
    )


def put(connection, table, *rows):
    connection.execute(insert(table), list(rows))


def add_hours(connection, device_id, first, last, bundle_id, **counted):
    """Hours `first` to `last` (not included), counted from NOW_MS."""
    columns = columns_of(tally(**counted))
    fixed = {"device_id": device_id, "source": "ecg", "bundle_id": bundle_id, "battery": 0.5}
    put(connection, t.hours, *({**fixed, "bucket_ms": NOW_MS + k * HOUR_MS, **columns} for k in range(first, last)))


def alarm(number, device_id=3, **changes):
    fixed = {
        "id": number, "device_id": device_id, "boot_id": device_id, "seq": number, "began_ms": NOW_MS - HOUR_MS,
        "ended_ms": None, "windows": 40, "source": "ecg", "kind": "window", "bundle_id": 2, "window_start": number,
        "score": "mutual_information", "value": 0.9, "threshold": 0.3, "predicted": HOSTILE, "confidence": 0.6,
        "probabilities": {HOSTILE: 0.6, "N": 0.4}, "exit_probabilities": [0.1, 0.9], "changed_ms": NOW_MS - HOUR_MS,
    }  # fmt: skip
    return {**fixed, **changes}


def fill(database):
    """d1 is well, d2 broke off, d3 is attacked (alarm 7); model 2 came to all ten hours ago and alarms more."""
    with database.writing() as connection:
        put(connection, t.bundles, *(
            {"id": k, "sha256": str(k) * 64, "name": HOSTILE, "version": str(k), "first_seen_ms": NOW_MS - 40 * HOUR_MS}
            for k in (1, 2)
        ))  # fmt: skip
        for k, status in ((1, "online"), (2, "offline"), (3, "online")):
            put(connection, t.devices, {
                "id": k, "fleet": "ward", "device": f"d{k}", "first_seen_ms": NOW_MS - 40 * HOUR_MS, "boot": "0" * 16,
                "last_seen_ms": NOW_MS, "status": status, "bundle_id": 2, "open_alarms": int(k == 3),
                "largest_alarm": 40 * (k == 3),
                "sources": [HOSTILE], "dropped": {}, "software": HOSTILE, "windows_day": 100, "alarms_day": k,
            })  # fmt: skip
            put(connection, t.boots, {
                "id": k, "device_id": k, "boot": "0" * 16, "first_ms": 1, "last_ms": 2, "received": "1-2",
                "messages": 2, "missing": 0,
            })  # fmt: skip
            put(
                connection,
                t.deployments,
                {"device_id": k, "bundle_id": 1, "since_ms": NOW_MS - 40 * HOUR_MS, "until_ms": SINCE_MS},
                {"device_id": k, "bundle_id": 2, "since_ms": SINCE_MS, "until_ms": None},
            )
            add_hours(connection, k, -40, -10, 1, alarms=2)
            add_hours(connection, k, -10, 0, 2, alarms=6 + k)
        put(connection, t.alarms, alarm(7))
        put(connection, t.quarantine, {
            "received_ms": NOW_MS, "topic": HOSTILE, "reason": HOSTILE, "size": 3, "payload": b"\xff=1",
        })  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Somebody who can ask: the headers of their session, and of their tokens by scope."""

    actor: Actor
    cookie: str
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def session(self):
        return {"Cookie": f"edgeguard={self.cookie}", "X-CSRF-Token": csrf_from(self.cookie)}

    def bearer(self, scope="read"):
        return {"Authorization": f"Bearer {self.tokens[scope]}"}


def person(database, role, now_ms=NOW_MS):
    """A user of this role, logged in, with a token of each scope that they may have."""
    cookie = f"cookie-of-{role}"
    with database.writing() as connection:
        number = accounts.add(connection, role, role, now_ms)
        expires_ms = now_ms + DAY_MS
        sessions.begin(connection, sha256_of(cookie), sha256_of(csrf_from(cookie)), number, now_ms, expires_ms)
    actor = Actor(number, role, PERMISSIONS[role])
    made = {scope: tokens.create(database, actor, scope, [scope], 30, now_ms)[1] for scope in actor.may}
    return Person(actor, cookie, made)
