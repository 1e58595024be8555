"""Summaries as they came, and their sums over hours and days."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Double, Index, Integer, LargeBinary, SmallInteger, String, Table

from edgeguard.fleet.store.tables.metadata import METADATA, Id, Ms, key


def _sums() -> list[Column[Any]]:
    """What adds up. `*_sum` are over the windows that were given to the model: windows - rejected."""
    counts = ["windows", "rejected", "alarms", "suppressed", "gaps", "missing_samples", "repeated_samples", "faults"]
    sums = ["disagreement_sum", "margin_sum", "confidence_sum", "latency_sum"]
    return [
        *(Column(name, Id, nullable=False) for name in counts),
        *(Column(name, Double, nullable=False) for name in sums),
        Column(
            "tally", LargeBinary, nullable=False
        ),  # the `telemetry.tally.Tally` as JSON: classes, reasons, histograms
    ]


# As they came; on PostgreSQL partitioned by `at_ms` (see `partitions`). No foreign keys: the rows are many, and
# ingest writes a device's row before its summaries in the same transaction.
summaries: Final = Table(
    "summaries",
    METADATA,
    Column("device_id", Id, primary_key=True, autoincrement=False),
    Column(
        "at_ms", Ms, primary_key=True, autoincrement=False
    ),  # end of the interval; when it came, if its clock is wrong
    Column("boot_id", Id, primary_key=True, autoincrement=False),
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("source", String(64), nullable=False),
    Column("bundle_id", Id, nullable=False),
    Column("from_ms", Ms, nullable=False),  # by the device's clock
    Column("to_ms", Ms, nullable=False),
    Column("received_ms", Ms, nullable=False),
    Column("waiting", Id, nullable=False),
    Column("battery", Double),
    *_sums(),
    Index("ix_summaries_at_ms", "at_ms"),
    postgresql_partition_by="RANGE (at_ms)",
)


def _bucket(name: str) -> Table:
    return Table(
        name,
        METADATA,
        Column("device_id", Id, primary_key=True, autoincrement=False),
        Column("bucket_ms", Ms, primary_key=True, autoincrement=False),  # its beginning
        Column("source", String(64), primary_key=True),
        Column("bundle_id", Id, primary_key=True, autoincrement=False),
        Column("battery", Double),  # the lowest
        *_sums(),
        Index(f"ix_{name}_bucket_ms", "bucket_ms"),
    )


def _class_bucket(name: str) -> Table:
    return Table(
        name,
        METADATA,
        Column("device_id", Id, primary_key=True, autoincrement=False),
        Column("bucket_ms", Ms, primary_key=True, autoincrement=False),
        Column("source", String(64), primary_key=True),
        Column("bundle_id", Id, primary_key=True, autoincrement=False),
        Column("class", String(64), primary_key=True),
        Column("predictions", Id, nullable=False),
        Column("confidence_sum", Double, nullable=False),  # of the windows predicted to be of the class
        Column("probability_sum", Double, nullable=False),  # of the class, over all windows given to the model
        Index(f"ix_{name}_bucket_ms", "bucket_ms"),
    )


hours: Final = _bucket("hours")
days: Final = _bucket("days")
class_hours: Final = _class_bucket("class_hours")
class_days: Final = _class_bucket("class_days")

# (device, hour) whose sums no longer hold: ingest notes them in the transaction of their summaries, the upkeep takes
# them off. A queue, not a set: a pair that is there already would tell nothing of a summary that is not committed yet.
stale_hours: Final = Table(
    "stale_hours",
    METADATA,
    key(),
    Column("device_id", Id, nullable=False),
    Column("bucket_ms", Ms, nullable=False),
    Index("ix_stale_hours_bucket_ms_device_id", "bucket_ms", "device_id"),
)

# Messages that follow no schema, or come from whom they should not: set aside with the reason.
quarantine: Final = Table(
    "quarantine",
    METADATA,
    key(),
    Column("received_ms", Ms, nullable=False, index=True),
    Column("topic", String(200), nullable=False),
    Column("fleet", String(64)),  # as far as the topic tells
    Column("device", String(64)),
    Column("reason", String(300), nullable=False),
    Column("size", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # its first 4 KiB
    Column("messages", Integer, nullable=False, server_default="1"),  # that this row stands for
    Column("kind", SmallInteger, nullable=False, server_default="0"),  # 0 malformed, 1 rate limit, 2 unknown device
)
