"""Which model runs where, since when, and what devices gave before and after one came."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, case, distinct, func, select

from edgeguard.errors import NotFound
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store.tables import bundles, deployments, devices, hours

_LONGEST_MS: Final = 3 * DAY_MS  # compared before and after
_MOST_DEVICES: Final = 500  # compared


@dataclass(frozen=True)
class ModelRow:
    """A model of the fleet.

    Attributes:
        sha256: Of the bundle.
        model: Its name; empty until a device has told it.
        devices: That run it now; `online` of them are there.
        since_ms: When the first of them came to it; None where none runs it.
        newest_ms: When the last of them did.
        ever: Devices that have run it.
    """

    id: int
    sha256: str
    model: str
    version: str
    first_seen_ms: int
    devices: int
    online: int
    since_ms: int | None
    newest_ms: int | None
    ever: int


@dataclass(frozen=True)
class Change:
    """One device's windows in equal time before and after a model came to it."""

    device_id: int
    windows_before: int
    rejected_before: int
    alarms_before: int
    windows_after: int
    rejected_after: int
    alarms_after: int


@dataclass(frozen=True)
class Rollout:
    """How many devices ran each model at each time."""

    at_ms: list[int]
    devices: dict[int, list[int]]


def models(connection: Connection) -> list[ModelRow]:
    """All models, those on most devices first."""
    count, online = func.count().label("count"), func.sum(case((devices.c.status == "online", 1), else_=0))
    now = select(devices.c.bundle_id, count, online.label("online")).group_by(devices.c.bundle_id).subquery()
    is_open = deployments.c.until_ms.is_(None)
    since = case((is_open, deployments.c.since_ms))
    ever = select(
        deployments.c.bundle_id,
        func.min(since).label("since_ms"),
        func.max(since).label("newest_ms"),
        func.count(distinct(deployments.c.device_id)).label("ever"),
    )
    ever_of = ever.group_by(deployments.c.bundle_id).subquery()
    columns: list[ColumnElement[Any]] = [
        *(bundles.c[name] for name in ("id", "sha256", "name", "version", "first_seen_ms")),
        *(func.coalesce(now.c[name], 0) for name in ("count", "online")),
        *(ever_of.c[name] for name in ("since_ms", "newest_ms")),
        func.coalesce(ever_of.c.ever, 0),
    ]
    query = (
        select(*columns)
        .outerjoin(now, now.c.bundle_id == bundles.c.id)
        .outerjoin(ever_of, ever_of.c.bundle_id == bundles.c.id)
        .order_by(func.coalesce(now.c.count, 0).desc(), bundles.c.first_seen_ms.desc(), bundles.c.id)
    )
    return [ModelRow(*row) for row in connection.execute(query)]


def rollout(connection: Connection, from_ms: int, to_ms: int, points: int = 100) -> Rollout:
    """How many devices ran each model, at `points` times from `from_ms` to `to_ms`."""
    step_ms = max(1, (to_ms - from_ms) // max(1, points - 1))
    running: dict[int, list[int]] = {}
    for column, sign in ((deployments.c.since_ms, 1), (deployments.c.until_ms, -1)):
        step = case((column <= from_ms, 0), else_=(column - from_ms + step_ms - 1) // step_ms)
        query = (
            select(deployments.c.bundle_id, step, func.count())
            .where(column <= to_ms)
            .group_by(deployments.c.bundle_id, step)
        )
        for bundle_id, k, count in connection.execute(query):
            changes = running.setdefault(bundle_id, [0] * points)
            if k < points:
                changes[k] += sign * count
    return Rollout(
        [from_ms + k * step_ms for k in range(points)],
        {bundle_id: list(accumulate(changes)) for bundle_id, changes in running.items()},
    )


def changes(connection: Connection, bundle_id: int, now_ms: int) -> list[Change]:
    """What devices gave in equal time before and after the model came to them, whole hours up to 3 days.

    The hour of the change is left out, and so is a device that has no hour on both sides. Of more than 500 devices,
    500 that are drawn by their numbers.
    """
    if connection.execute(select(bundles.c.id).where(bundles.c.id == bundle_id)).one_or_none() is None:
        raise NotFound(f"there is no model number {bundle_id}")
    arrived = _arrivals(bundle_id, now_ms).subquery()
    offset = hours.c.bucket_ms - arrived.c.hour_ms
    before = and_(offset < 0, offset >= -arrived.c.span_ms, hours.c.bundle_id != bundle_id)
    after = and_(offset > 0, offset <= arrived.c.span_ms, hours.c.bundle_id == bundle_id)
    sums = [_sum(side, hours.c[name]) for side in (before, after) for name in ("windows", "rejected", "alarms")]
    near = and_(
        hours.c.device_id == arrived.c.device_id, hours.c.bucket_ms.between(arrived.c.first_ms, arrived.c.last_ms)
    )
    query = select(arrived.c.device_id, *sums).select_from(arrived.join(hours, near)).group_by(arrived.c.device_id)
    rows = [Change(*map(int, row)) for row in connection.execute(query.order_by(arrived.c.device_id))]
    return [row for row in rows if row.windows_before and row.windows_after]


def _arrivals(bundle_id: int, now_ms: int) -> Select[Any]:
    """Of each device the hour in which the model came to it last, and how long the equal times are."""
    last = (
        select(deployments.c.device_id, func.max(deployments.c.since_ms).label("since_ms"))
        .where(deployments.c.bundle_id == bundle_id)
        .group_by(deployments.c.device_id)
        .order_by(deployments.c.device_id * 40503 % 65536)  # drawn, always the same
        .limit(_MOST_DEVICES)
        .subquery()
    )
    # not the device's first_seen_ms, which is our clock's: a device may bring days of messages with it
    first = func.min(deployments.c.since_ms).label("first_ms")
    earlier = select(deployments.c.device_id, first).group_by(deployments.c.device_id).subquery()
    since = last.c.since_ms
    hour = since // HOUR_MS * HOUR_MS
    after = func.coalesce(deployments.c.until_ms, now_ms) // HOUR_MS * HOUR_MS - hour - HOUR_MS
    before = hour - earlier.c.first_ms
    shorter = case((after < before, after), else_=before)
    span = case((shorter < _LONGEST_MS, shorter), else_=_LONGEST_MS) // HOUR_MS * HOUR_MS
    return (
        select(
            last.c.device_id,
            hour.label("hour_ms"),
            span.label("span_ms"),
            (hour - span).label("first_ms"),
            (hour + span).label("last_ms"),
        )
        .join(deployments, and_(deployments.c.device_id == last.c.device_id, deployments.c.since_ms == since))
        .join(earlier, earlier.c.device_id == last.c.device_id)
        .where(shorter >= HOUR_MS)
    )


def _sum(condition: ColumnElement[bool], column: Column[int]) -> ColumnElement[int]:
    return func.sum(case((condition, column), else_=0))
