"""Rows of the fleet's tables, made up."""

from __future__ import annotations

import msgspec
import numpy as np
from sqlalchemy import insert

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store.sums import columns_of
from edgeguard.fleet.store.tables import bundles, devices, stale_hours, summaries
from edgeguard.telemetry.histogram import DisagreementHistogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.tally import NOTHING

CLASSES = ("normal", "other", "noise")


def tally(rng, most=8):
    """The tally of up to `most` windows with random verdicts."""
    n = int(rng.integers(0, most + 1))
    predicted = rng.integers(0, rng.integers(1, 4), n)
    probabilities = rng.dirichlet(np.ones(3), n)
    by_class = {CLASSES[k]: ShareHistogram.of(rng.uniform(0.3, 1, (predicted == k).sum())) for k in set(predicted)}
    rejected = {"flat": int(rng.integers(0, 3))}
    return msgspec.structs.replace(
        NOTHING,
        windows=n + rejected["flat"],
        rejected=rejected,
        gaps=int(rng.integers(0, 3)),
        missing_samples=int(rng.integers(0, 99)),
        faults={"link": 1} if rng.uniform() < 0.2 else {},
        alarms=int(rng.integers(0, n + 1)),
        stages=(0,) * int(rng.integers(0, 3)) + (n,),
        predictions={name: histogram.total for name, histogram in by_class.items()},
        confidence=by_class,
        probability=dict(zip(CLASSES, probabilities.sum(axis=0).tolist(), strict=True)) if n else {},
        disagreement=DisagreementHistogram.of(rng.exponential(0.01, n)),
        margin=ShareHistogram.of(rng.uniform(0, 1, n)),
        latency_ms=LatencyHistogram.of(rng.uniform(1, 50, n)),
    )


def add_devices(connection, count, **columns):
    """`count` devices, whose ids are 1, 2, … in an empty database."""
    rows = [{"fleet": "f", "device": f"d{k}", "first_seen_ms": 0, "last_seen_ms": 0, **columns} for k in range(count)]
    connection.execute(insert(devices), rows)


def add_bundle(connection, letter="a"):
    row = {"sha256": letter * 64, "first_seen_ms": 0}
    return connection.execute(insert(bundles).values(row).returning(bundles.c.id)).scalar_one()


def summary(seq, at_ms, its_tally, *, device_id=1, source="ecg", bundle_id=1, battery=None):
    """The columns of one summary."""
    return {
        "device_id": device_id, "at_ms": at_ms, "boot_id": 1, "seq": seq, "source": source, "bundle_id": bundle_id,
        "from_ms": at_ms - 60_000, "to_ms": at_ms, "received_ms": at_ms, "waiting": 0, "battery": battery,
        **columns_of(its_tally),
    }  # fmt: skip


def take_in(connection, rows):
    """What ingest does with summaries: the rows, and their hours on the queue."""
    if rows:
        connection.execute(insert(summaries), rows)
        pairs = {(row["device_id"], row["at_ms"] - row["at_ms"] % HOUR_MS) for row in rows}
        connection.execute(insert(stale_hours), [{"device_id": d, "bucket_ms": b} for d, b in sorted(pairs)])


def numbers(its_tally):
    """Every number of a tally by the way to it, to compare with `pytest.approx`: floats depend on the order."""
    return dict(_flat("", msgspec.to_builtins(its_tally)))


def _flat(way, value):
    if not isinstance(value, (dict, list, tuple)):
        yield way, value
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _flat(f"{way}.{key}", part)
