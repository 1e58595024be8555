"""Rows that are read from beginning to end, bit by bit: what exports write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Column, ColumnElement, Connection, Select, select

from edgeguard.fleet.store.audit import Entry
from edgeguard.fleet.store.tables import audit, bundles, days, devices, hours, labels, users

_AT_ONCE: Final = 1000
_COUNTS: Final = (
    "windows",
    "rejected",
    "alarms",
    "suppressed",
    "gaps",
    "missing_samples",
    "repeated_samples",
    "faults",
)
_SUMS: Final = ("disagreement_sum", "margin_sum", "confidence_sum", "latency_sum")


@dataclass(frozen=True)
class BucketRow:
    """What one source of a device gave in one hour or day under one model.

    Attributes:
        bucket_ms: Its beginning.
        battery: The lowest.
        alarms: Windows over the threshold.
        disagreement_sum: As all `*_sum`, over the windows given to the model: `windows` - `rejected`.
    """

    fleet: str
    device: str
    source: str
    model: str
    version: str
    bundle_sha256: str
    bucket_ms: int
    battery: float | None
    windows: int
    rejected: int
    alarms: int
    suppressed: int
    gaps: int
    missing_samples: int
    repeated_samples: int
    faults: int
    disagreement_sum: float
    margin_sum: float
    confidence_sum: float
    latency_sum: float


@dataclass(frozen=True)
class LabelRow:
    """What a person, or a label file, said that a window really was."""

    id: int
    fleet: str
    device: str
    boot: str
    source: str
    window_start: int
    at_ms: int
    model: str
    version: str
    predicted: str
    probabilities: dict[str, float]
    label: str
    origin: str
    alarm_id: int | None
    user: str | None
    labelled_ms: int


def each_bucket(
    connection: Connection,
    length: Literal["hours", "days"],
    *,
    from_ms: int | None = None,
    to_ms: int | None = None,
    fleet: str = "",
    device: str = "",
) -> Iterator[BucketRow]:
    """Sums that begin in [from_ms, to_ms); of one fleet or device, or of all; by device and time."""
    table = {"hours": hours, "days": days}[length]
    columns: list[ColumnElement[Any]] = [
        *(devices.c.fleet, devices.c.device, table.c.source, bundles.c.name, bundles.c.version, bundles.c.sha256),
        *(table.c[name] for name in ("bucket_ms", "battery", *_COUNTS, *_SUMS)),
    ]
    joined = table.join(devices, devices.c.id == table.c.device_id).join(bundles, bundles.c.id == table.c.bundle_id)
    query = select(*columns).select_from(joined).where(*_within(table.c.bucket_ms, from_ms, to_ms), *_of(fleet, device))
    query = query.order_by(table.c.device_id, table.c.bucket_ms)
    return (BucketRow(*row) for row in _streamed(connection, query))


def each_label(
    connection: Connection,
    *,
    from_ms: int | None = None,
    to_ms: int | None = None,
    fleet: str = "",
    device: str = "",
) -> Iterator[LabelRow]:
    """Labels of windows in [from_ms, to_ms), oldest first."""
    own = [labels.c[name] for name in ("boot", "source", "window_start", "at_ms")]
    said = [labels.c[name] for name in ("predicted", "probabilities", "label", "origin", "alarm_id")]
    columns: list[ColumnElement[Any]] = [
        *(labels.c.id, devices.c.fleet, devices.c.device, *own, bundles.c.name, bundles.c.version, *said),
        *(users.c.name, labels.c.labelled_ms),
    ]
    joined = labels.join(devices, devices.c.id == labels.c.device_id).join(bundles, bundles.c.id == labels.c.bundle_id)
    query = select(*columns).select_from(joined.outerjoin(users, users.c.id == labels.c.user_id))
    query = query.where(*_within(labels.c.at_ms, from_ms, to_ms), *_of(fleet, device)).order_by(
        labels.c.at_ms, labels.c.id
    )
    return (LabelRow(*row) for row in _streamed(connection, query))


def each_entry(connection: Connection, *, from_ms: int | None = None, to_ms: int | None = None) -> Iterator[Entry]:
    """The audit log in [from_ms, to_ms), oldest first."""
    query = select(*(audit.c[name] for name in Entry.__dataclass_fields__))
    query = query.where(*_within(audit.c.at_ms, from_ms, to_ms))
    return (Entry(*row) for row in _streamed(connection, query.order_by(audit.c.at_ms, audit.c.id)))


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    return iter(connection.execute(query.execution_options(yield_per=_AT_ONCE)))


def _within(column: Column[int], from_ms: int | None, to_ms: int | None) -> list[ColumnElement[bool]]:
    return [
        *([column >= from_ms] if from_ms is not None else []),
        *([column < to_ms] if to_ms is not None else []),
    ]


def _of(fleet: str, device: str) -> list[ColumnElement[bool]]:
    return [
        *([devices.c.fleet == fleet] if fleet else []),
        *([devices.c.device == device] if device else []),
    ]
