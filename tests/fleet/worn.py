"""Wearers with groups and devices, and what those devices gave: made up."""

from __future__ import annotations

from sqlalchemy import insert

from edgeguard.fleet.actions.wearers import import_wearers
from edgeguard.fleet.actor import SYSTEM
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.store.tables import class_days, class_hours, days, hours
from tests.fleet.rows import add_bundle

START_MS = 20_000 * DAY_MS  # in 2024
COUNTS = dict.fromkeys(["suppressed", "gaps", "missing_samples", "repeated_samples", "faults", "latency_sum"], 0)
TALLY = b'{"rejected":{"flat":%d},"margin":{"counts":[%s]}}'


def csv_of(lines, header="pseudonym,fleet,device,source,from,until,sex"):
    return "\n".join([header, *lines]).encode()


def wear(database, lines, **options):
    """Take in lines of the wearers' CSV, and their devices with them."""
    return import_wearers(database, SYSTEM, csv_of(lines, **options), START_MS, register_devices=True)


def cohort(database, sexes, until_ms=None):
    """A wearer with a device d1, d2, … for each of `sexes`, from START_MS on; the devices' ids are 1, 2, …"""
    end = "" if until_ms is None else iso_from_unix_ms(until_ms)
    begin = iso_from_unix_ms(START_MS)
    wear(database, [f"W{k},f,d{k},,{begin},{end},{sex}" for k, sex in enumerate(sexes, start=1)])
    with database.writing() as connection:
        return add_bundle(connection)


def gave(connection, *rows):
    """Store what `bucket` made, all of one length."""
    sums, of_classes = zip(*rows, strict=True)
    table, class_table = (days, class_days) if sums[0]["length_ms"] == DAY_MS else (hours, class_hours)
    connection.execute(insert(table), [{k: v for k, v in row.items() if k != "length_ms"} for row in sums])
    connection.execute(insert(class_table), [row for rows in of_classes for row in rows])


def bucket(device_id, bucket_ms, *, length_ms=HOUR_MS, source="ecg", bundle_id=1, windows=10, rejected=1, alarms=0,
           disagreement=0.1, margin=0.5, classes=None):  # fmt: skip
    """One hour or day; `classes`: name -> (predictions, mean confidence, mean probability)."""
    accepted = windows - rejected
    key = {"device_id": device_id, "bucket_ms": bucket_ms, "source": source, "bundle_id": bundle_id}
    bins = [0] * 20
    bins[min(int(margin * 20), 19)] = accepted
    sums = {
        "windows": windows, "rejected": rejected, "alarms": alarms, "disagreement_sum": disagreement * accepted,
        "margin_sum": margin * accepted, "confidence_sum": 0.9 * accepted, "battery": None,
        "tally": TALLY % (rejected, ",".join(map(str, bins)).encode()),
    }  # fmt: skip
    of_classes = [
        {**key, "class": name, "predictions": predictions, "confidence_sum": predictions * confidence,
         "probability_sum": accepted * probability}
        for name, (predictions, confidence, probability) in (classes or {"N": (accepted, 0.9, 1.0)}).items()
    ]  # fmt: skip
    return {**key, **COUNTS, **sums, "length_ms": length_ms}, of_classes
