"""Sixty wearers in groups of whom the model treats one worse, 120 alarms of every kind, and hostile texts."""

import numpy as np
from sqlalchemy import insert, select

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store import tables
from edgeguard.telemetry.summary import SummaryBuilder
from tests.fleet.pages import ward
from tests.fleet.pages.ward import CLASSES

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"
TONES = ("I-II", "III-IV", "V-VI")
IDS = range(2, 62)  # of devices and of who wears them
HOSTILE_ALARM = 9
_HOURS = 24
_ALARM_RATE = {"I-II": 0.03, "III-IV": 0.04, "V-VI": 0.2}
_ACCURACY = {"I-II": 0.95, "III-IV": 0.92, "V-VI": 0.6}


def fill(database, now_ms):
    """A ward, and the cohort in it."""
    ward.fill(database, now_ms)
    rng = np.random.default_rng(0)
    first_ms = (now_ms // HOUR_MS - _HOURS) * HOUR_MS
    with database.writing() as connection:
        connection.execute(tables.hours.delete())
        alarm = dict(connection.execute(select(tables.alarms)).mappings().first())
        hours, class_hours = _hours(first_ms)
        for table, rows in {
            tables.wearers: [{"id": k, "pseudonym": _pseudonym(k), "created_ms": now_ms} for k in IDS],
            tables.attributes: [
                {"wearer_id": k, "attribute": name, "value": value} for k in IDS for name, value in _groups(k).items()
            ],
            tables.wearings: [
                {"wearer_id": k, "device_id": k, "from_ms": first_ms - DAY_MS, "until_ms": None} for k in IDS
            ],
            tables.hours: hours,
            tables.class_hours: class_hours,
            tables.labels: [_label(k, j, first_ms, rng) for k in IDS for j in range(8)],
            tables.alarms: [_alarm(alarm, k, now_ms) for k in range(120)],
            tables.quarantine: [_set_aside(now_ms)],
        }.items():
            connection.execute(insert(table), rows)


def tone(k):
    return TONES[k % 3]


def _pseudonym(k):
    return HOSTILE if k == 7 else f"P-{k:03}"


def _groups(k):
    return {"skin_tone": tone(k), "sex": "FM"[k % 2], "site": HOSTILE if k == 7 else ("north", "south")[k % 5 == 0]}


def _hours(first_ms):
    hours, class_hours = [], []
    for group in TONES:
        pool = [_figures(seed, group) for seed in range(8)]
        for k in (k for k in IDS if tone(k) == group):
            for hour in range(_HOURS):
                sums, by_class = pool[(k + hour) % 8]
                bucket_ms = first_ms + hour * HOUR_MS
                key = {"device_id": k, "bucket_ms": bucket_ms, "source": "chest", "bundle_id": 2}
                hours.append({**key, "battery": 0.8, **sums})
                class_hours += [{**key, "class": name, **figures} for name, figures in by_class.items()]
    return hours, class_hours


def _figures(seed, group):
    rng, builder = np.random.default_rng(seed), SummaryBuilder(CLASSES, 1.0)
    for _ in range(40):
        predicted = int(rng.random() < 0.3)
        confidence = 0.75 + 0.2 * rng.random()
        exits = np.full((3, 3), (1 - confidence) / 2)
        exits[:, predicted] = confidence
        score = 0.3 if rng.random() < _ALARM_RATE[group] else 0.03
        verdict = {"predicted": predicted, "confidence": confidence, "exit_probabilities": exits}
        builder.add(**verdict, disagreement=score, alarm=score > 0.25, latency_ms=4.0)
    builder.reject("noise")
    tally = builder.take()
    by_class = {
        name: {
            "predictions": tally.predictions.get(name, 0),
            "confidence_sum": tally.confidence[name].sum if name in tally.confidence else 0.0,
            "probability_sum": tally.probability.get(name, 0.0),
        }
        for name in CLASSES
    }
    return ward.columns(tally), by_class


def _label(k, j, first_ms, rng):
    truth = CLASSES[j % 2]
    predicted = truth if rng.random() < _ACCURACY[tone(k)] else CLASSES[1 - j % 2]
    return {
        "device_id": k,
        "boot": f"{k:016x}",
        "source": "chest",
        "window_start": j * 100,
        "at_ms": first_ms + j * HOUR_MS,
        "bundle_id": 2,
        "predicted": predicted,
        "probabilities": {name: 0.8 if name == predicted else 0.1 for name in CLASSES},
        "label": truth,
        "origin": "sample",
        "labelled_ms": first_ms,
    }


def _alarm(alarm, k, now_ms):
    """Numbers 4 to 123; those of `HOSTILE_ALARM` are open."""
    began_ms = now_ms - (k + 2) * 20 * 60_000
    hostile = k + 4 == HOSTILE_ALARM
    return {
        **{name: value for name, value in alarm.items() if name != "id"},
        "device_id": 2 + k % 60,
        "boot_id": 2 + k % 60,
        "seq": 1000 + k,
        "kind": ("window", "drift", "slowdown")[k % 3],
        "began_ms": began_ms,
        "ended_ms": None if k % 4 == 0 else began_ms + 600_000,
        "status": "open" if hostile or k % 2 == 0 else "closed",
        "predicted": HOSTILE if hostile else alarm["predicted"],
        "source": HOSTILE if hostile else "chest",
        "changed_ms": began_ms,
    }


def _set_aside(now_ms):
    payload = f"{HOSTILE}\x00\xff".encode("latin1")
    what = {"topic": f"edgeguard/v1/ward/{HOSTILE}", "reason": f"malformed: {HOSTILE}", "size": 999, "messages": 3}
    return {**what, "received_ms": now_ms - 5000, "payload": payload, "kind": 0}
