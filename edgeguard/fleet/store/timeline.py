"""One device's figures over time: summaries for short spans, hours for weeks, days for years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Column, ColumnElement, Connection, Table, literal, or_, select

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.series import COUNTS, SUMS, Figures, Part, figures
from edgeguard.fleet.store.devices import PresenceRow, presence
from edgeguard.fleet.store.tables import alarms, bundles, days, deployments, hours, summaries

Resolution = Literal["summaries", "hours", "days"]

_MOST_ROWS: Final = 3000  # of one resolution; where there are more, the next coarser is read
_MOST_SPANS: Final = 1000  # alarms, deployments
_BUCKETS: Final[dict[Resolution, tuple[Table, int]]] = {"hours": (hours, HOUR_MS), "days": (days, DAY_MS)}
_LONGEST_MS: Final[dict[Resolution, int]] = {"summaries": 36 * HOUR_MS, "hours": 60 * DAY_MS}


@dataclass(frozen=True)
class Deployment:
    """A model ran from `since_ms` until `until_ms`, or still runs."""

    bundle_id: int
    model: str
    version: str
    since_ms: int
    until_ms: int | None


@dataclass(frozen=True)
class AlarmSpan:
    """An alarm, as a mark in a timeline."""

    id: int
    kind: str
    status: str
    began_ms: int
    ended_ms: int | None
    value: float


@dataclass(frozen=True)
class Timeline:
    """What is known of a device in [from_ms, to_ms).

    Attributes:
        resolution: What was read.
        figures: Summed over the device's sources.
        presence: Changes of status; the first is the one that held at `from_ms`.
        deployments: Which model ran when.
        alarms: The newest 1000.
    """

    from_ms: int
    to_ms: int
    resolution: Resolution
    figures: Figures
    presence: list[PresenceRow]
    deployments: list[Deployment]
    alarms: list[AlarmSpan]


def timeline(
    connection: Connection, device_id: int, from_ms: int, to_ms: int, points: int = 400, source: str | None = None
) -> Timeline:
    """A device's figures in [from_ms, to_ms), in about `points` points at most; of one source, or summed over all."""
    resolution, parts = _parts(connection, device_id, from_ms, to_ms, source)
    return Timeline(
        from_ms,
        to_ms,
        resolution,
        figures(parts, from_ms, to_ms, points),
        presence(connection, device_id, from_ms, to_ms),
        deployments_of(connection, device_id, from_ms, to_ms),
        _alarm_spans(connection, device_id, from_ms, to_ms),
    )


def _parts(
    connection: Connection, device_id: int, from_ms: int, to_ms: int, source: str | None
) -> tuple[Resolution, list[Part]]:
    for resolution, longest_ms in _LONGEST_MS.items():
        if to_ms - from_ms <= longest_ms:
            parts = _read(connection, resolution, device_id, (from_ms, to_ms), source)
            if 0 < len(parts) <= _MOST_ROWS:  # none: what came in has been rolled up and let go
                return resolution, parts
    return "days", _read(connection, "days", device_id, (from_ms, to_ms), source)


def _read(
    connection: Connection, resolution: Resolution, device_id: int, span: tuple[int, int], source: str | None
) -> list[Part]:
    table, length_ms = _BUCKETS.get(resolution, (summaries, 0))
    raw = table is summaries
    at = table.c.at_ms if raw else table.c.bucket_ms
    length = table.c.to_ms - table.c.from_ms if raw else literal(length_ms)
    columns = [table.c[name] for name in (*COUNTS, *SUMS)]
    query = select(at, length, table.c.battery, table.c.tally, *columns)
    query = query.where(table.c.device_id == device_id, at >= span[0] - (0 if raw else length_ms - 1), at < span[1])
    if source is not None:
        query = query.where(table.c.source == source)
    rows = connection.execute(query.order_by(at).limit(_MOST_ROWS + 1 if resolution != "days" else None))
    return [_part(tuple(row), raw) for row in rows]


def _part(row: tuple[Any, ...], ends: bool) -> Part:
    """`ends`: the time in the row is the part's end, else its beginning."""
    at_ms, length_ms, battery, tally, *columns = row
    begin_ms = at_ms - length_ms if ends else at_ms
    return Part(begin_ms, begin_ms + length_ms, dict(zip((*COUNTS, *SUMS), columns, strict=True)), battery, tally)


def deployments_of(connection: Connection, device_id: int, from_ms: int, to_ms: int) -> list[Deployment]:
    """Which models a device ran in [from_ms, to_ms), oldest first; the newest 1000."""
    columns = (
        deployments.c.bundle_id,
        bundles.c.name,
        bundles.c.version,
        deployments.c.since_ms,
        deployments.c.until_ms,
    )
    query = (
        select(*columns)
        .join(bundles, bundles.c.id == deployments.c.bundle_id)
        .where(
            deployments.c.device_id == device_id,
            *_overlaps(deployments.c.since_ms, deployments.c.until_ms, from_ms, to_ms),
        )
        .order_by(deployments.c.since_ms.desc())
        .limit(_MOST_SPANS)
    )
    return [Deployment(*row) for row in reversed(connection.execute(query).all())]


def _alarm_spans(connection: Connection, device_id: int, from_ms: int, to_ms: int) -> list[AlarmSpan]:
    names = ("id", "kind", "status", "began_ms", "ended_ms", "value")
    query = (
        select(*(alarms.c[name] for name in names))
        .where(alarms.c.device_id == device_id, *_overlaps(alarms.c.began_ms, alarms.c.ended_ms, from_ms, to_ms))
        .order_by(alarms.c.began_ms.desc())
        .limit(_MOST_SPANS)
    )
    return [AlarmSpan(*row) for row in reversed(connection.execute(query).all())]


def _overlaps(begin: Column[int], end: Column[int], from_ms: int, to_ms: int) -> tuple[ColumnElement[bool], ...]:
    return begin < to_ms, or_(end.is_(None), end > from_ms)
