"""Devices as the fleet page lists them, and one device's presence and boots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, not_, or_, select

from edgeguard.errors import NotFound
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.tables import boots as boot_table
from edgeguard.fleet.store.tables import bundles
from edgeguard.fleet.store.tables import devices as table
from edgeguard.fleet.store.tables import presence as presence_table

# Why somebody should look at a device, most urgent first, and what each adds to its attention score. Devices are
# sorted by the score, then by their share of windows over the threshold in the last day.
ATTENTION: Final[dict[str, tuple[int, str]]] = {
    "attacked": (8, "open alarms, and more windows over the threshold than chance gives"),
    "clock": (4, "its clock is out of bounds"),
    "flood": (4, "the rate limit refused messages within a day of its newest one"),
    "losing": (4, "messages of its current start are missing"),
    "offline": (2, "its connection broke off"),
    "alarms": (1, "alarms that nobody has closed, no more than chance gives"),
}
# A threshold that lets 1 % of clean windows through gives every device a few short alarms a day. What chance does not
# give is so many of them in one alarm, one that goes on for minutes, or such a share of the last day's windows.
SUSTAINED_WINDOWS: Final = 30
SUSTAINED_SHARE: Final = 0.03
_WINDOWS: Final = func.nullif(table.c.windows_day, 0)
_ALARM_SHARE: Final = 1.0 * table.c.alarms_day / _WINDOWS
_REJECTED_SHARE: Final = 1.0 * table.c.rejected_day / _WINDOWS
_SUSTAINED: Final = or_(
    table.c.largest_alarm >= SUSTAINED_WINDOWS,
    table.c.lasting_alarms > 0,
    table.c.alarms_day > SUSTAINED_SHARE * (table.c.windows_day - table.c.rejected_day),
)
_FLAGS: Final[dict[str, ColumnElement[bool]]] = {
    "attacked": and_(table.c.open_alarms > 0, _SUSTAINED),
    "clock": table.c.clock_offset_ms.is_not(None),
    "flood": func.coalesce(table.c.limited_ms, 0) > table.c.last_seen_ms - DAY_MS,
    "losing": and_(
        table.c.missing > 0,
        exists().where(
            boot_table.c.device_id == table.c.id, boot_table.c.boot == table.c.boot, boot_table.c.missing > 0
        ),
    ),
    "offline": table.c.status == "offline",
    "alarms": and_(table.c.open_alarms > 0, not_(_SUSTAINED)),
}
DRIFTING: Final = or_(_FLAGS["clock"], _FLAGS["flood"], _FLAGS["losing"])
_SCORE: Final = (
    case((_FLAGS["attacked"], 8), else_=0)
    + case((DRIFTING, 4), else_=0)
    + case((_FLAGS["offline"], 2), else_=0)
    + case((_FLAGS["alarms"], 1), else_=0)
)

# What a list can be narrowed to: a status, or a reason to look.
STATUSES: Final[dict[str, ColumnElement[bool]]] = {
    **{name: table.c.status == name for name in ("online", "stopped", "offline", "unknown")},
    "attacked": _FLAGS["attacked"],
    "drifting": DRIFTING,
}
SORTS: Final[dict[str, tuple[ColumnElement[Any], ...]]] = {
    "attention": (_SCORE.desc(), _ALARM_SHARE.desc().nulls_last(), table.c.open_alarms.desc()),
    "device": (table.c.fleet, table.c.device),
    "status": (table.c.status,),
    "last_seen": (table.c.last_seen_ms,),
    "battery": (table.c.battery,),
    "open_alarms": (table.c.open_alarms,),
    "alarm_rate": (_ALARM_SHARE,),
    "rejected_rate": (_REJECTED_SHARE,),
    "disagreement": (table.c.disagreement_day,),
    "windows": (table.c.windows_day,),
    "missing": (table.c.missing,),
    "waiting": (table.c.waiting,),
    "model": (bundles.c.name, bundles.c.version),
    "software": (table.c.software,),
}


@dataclass(frozen=True)
class DeviceRow:
    """A device as its row in the fleet table.

    Attributes:
        status: online, stopped, offline or unknown.
        clock_offset_ms: Its clock minus ours where that is out of bounds.
        waiting: Messages in its spool.
        dropped: Messages lost by its spool, by kind.
        battery: The wearable's, in [0, 1].
        limited: Its messages that the rate limit refused.
        missing: Messages missing over all its boots.
        windows_day: Windows of the last 24 hours; `rejected_day` and `alarms_day` are among them.
        disagreement_day: Its mean over them.
        open_alarms: Alarms that nobody has closed.
        largest_alarm: Most windows over the threshold in a window alarm of them.
        lasting_alarms: Those of them that go on for minutes.
        score: Attention score, 0 to 14; see `ATTENTION`.
        attention: Which reasons of `ATTENTION` hold.
    """

    id: int
    fleet: str
    device: str
    status: str
    first_seen_ms: int
    last_seen_ms: int
    boot: str
    software: str
    bundle_id: int | None
    model: str
    version: str
    sources: list[str]
    clock_offset_ms: int | None
    waiting: int
    dropped: dict[str, int]
    battery: float | None
    limited: int
    limited_ms: int | None
    missing: int
    windows_day: int
    rejected_day: int
    alarms_day: int
    disagreement_day: float | None
    open_alarms: int
    largest_alarm: int
    lasting_alarms: int
    score: int
    attention: list[str]


@dataclass(frozen=True)
class FleetCounts:
    """How many devices are what; `drifting`: wrong clock, flood or lost messages."""

    devices: int
    online: int
    stopped: int
    offline: int
    unknown: int
    attacked: int
    drifting: int
    open_alarms: int


@dataclass(frozen=True)
class PresenceRow:
    """From `at_ms` on the device had this status."""

    at_ms: int
    status: str
    boot: str


@dataclass(frozen=True)
class BootRow:
    """One start of a device; `received` are ranges of message numbers, as ``1-40,42-57``."""

    boot: str
    first_ms: int
    last_ms: int
    received: str
    messages: int
    missing: int


_JOINED: Final = table.outerjoin(bundles, bundles.c.id == table.c.bundle_id)
_COLUMNS: Final = [column for column in table.c if column.name != "status_ms"]


def _select() -> Select[Any]:
    names = [bundles.c.name.label("model"), bundles.c.version.label("version")]
    flags = [flag.label(f"is_{name}") for name, flag in _FLAGS.items()]
    return select(*_COLUMNS, *names, _SCORE.label("score"), *flags).select_from(_JOINED)


def devices(  # noqa: PLR0913 - the filters of one list
    connection: Connection,
    *,
    search: str = "",
    status: str = "",
    attention: bool = False,
    bundle_id: int | None = None,
    sort: str = "attention",
    descending: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Listing[DeviceRow]:
    """Part of the device list.

    Args:
        connection: Of the database.
        search: Part of ``fleet/device``; case does not count.
        status: A key of `STATUSES`, or all.
        attention: Only those with a score.
        bundle_id: Only those that run this model.
        sort: A key of `SORTS`; ``attention`` puts the most urgent first. Empty values come last either way.
        descending: Turn the order around.
        limit: Most rows.
        offset: Rows to leave out before them.
    """
    wanted = _wanted(search, status, attention, bundle_id)
    total = connection.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one()
    joined = _JOINED if sort == "model" else table
    chosen = select(table.c.id).select_from(joined).where(*wanted).order_by(*_order(sort, descending))
    # first these alone: whole rows are slow to sort
    ids = list(connection.execute(chosen.limit(limit).offset(offset)).scalars())
    rows = {row.id: _row(row) for row in connection.execute(_select().where(table.c.id.in_(ids)))}
    return Listing([rows[number] for number in ids], total, offset)


def each_device(
    connection: Connection, *, search: str = "", status: str = "", attention: bool = False, bundle_id: int | None = None
) -> Iterator[DeviceRow]:
    """All that `devices` would list, by name, read bit by bit."""
    query = _select().where(*_wanted(search, status, attention, bundle_id)).order_by(table.c.fleet, table.c.device)
    return map(_row, connection.execute(query.execution_options(yield_per=1000)))


def _wanted(search: str, status: str, attention: bool, bundle_id: int | None) -> list[ColumnElement[bool]]:
    wanted = []
    if search:
        wanted.append((table.c.fleet + "/" + table.c.device).icontains(search, autoescape=True))
    if status:
        wanted.append(STATUSES[status])
    if attention:
        wanted.append(or_(*_FLAGS.values()))
    if bundle_id is not None:
        wanted.append(table.c.bundle_id == bundle_id)
    return wanted


def _order(sort: str, descending: bool) -> list[ColumnElement[Any]]:
    keys = SORTS[sort]
    if sort == "attention":  # the most urgent first, unless turned around
        return [_SCORE, _ALARM_SHARE.asc().nulls_first(), table.c.id] if descending else [*keys, table.c.id]
    return [*((key.desc() if descending else key.asc()).nulls_last() for key in keys), table.c.id]


def _row(row: Row[Any]) -> DeviceRow:
    values = dict(row._mapping)
    reasons = [name for name in ATTENTION if values.pop(f"is_{name}")]
    names = {name: values[name] or "" for name in ("model", "version")}
    return DeviceRow(**{**values, **names, "attention": reasons})


def device(connection: Connection, fleet: str, device: str) -> DeviceRow:
    """One device; NotFound."""
    row = connection.execute(_select().where(table.c.fleet == fleet, table.c.device == device)).one_or_none()
    if row is None:
        raise NotFound(f"there is no device {device!r} in the fleet {fleet!r}")
    return _row(row)


def device_by_id(connection: Connection, device_id: int) -> DeviceRow:
    """One device; NotFound."""
    row = connection.execute(_select().where(table.c.id == device_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no device number {device_id}")
    return _row(row)


def counts(connection: Connection) -> FleetCounts:
    """Of all devices."""
    sums = [func.coalesce(func.sum(case((flag, 1), else_=0)), 0).label(name) for name, flag in STATUSES.items()]
    open_alarms = func.coalesce(func.sum(table.c.open_alarms), 0).label("open_alarms")
    row = connection.execute(select(func.count().label("devices"), *sums, open_alarms).select_from(table)).one()
    return FleetCounts(**{name: int(value) for name, value in row._mapping.items()})


def presence(connection: Connection, device_id: int, from_ms: int, to_ms: int) -> list[PresenceRow]:
    """Changes of status in [from_ms, to_ms), the one that held at `from_ms` first; oldest first, at most 2000."""
    columns = (presence_table.c.at_ms, presence_table.c.status, presence_table.c.boot)
    of_device = select(*columns).where(presence_table.c.device_id == device_id)
    newest_first = (presence_table.c.at_ms.desc(), presence_table.c.id.desc())
    before = of_device.where(presence_table.c.at_ms < from_ms).order_by(*newest_first).limit(1)
    within = of_device.where(presence_table.c.at_ms >= from_ms, presence_table.c.at_ms < to_ms)
    rows = [*connection.execute(within.order_by(*newest_first).limit(2000)), *connection.execute(before)]
    return [PresenceRow(*row) for row in reversed(rows)]


def boots(connection: Connection, device_id: int, limit: int = 50) -> list[BootRow]:
    """A device's starts, newest first."""
    names = ("boot", "first_ms", "last_ms", "received", "messages", "missing")
    query = select(*(boot_table.c[name] for name in names)).where(boot_table.c.device_id == device_id)
    rows = connection.execute(query.order_by(boot_table.c.last_ms.desc()).limit(limit))
    return [BootRow(*row) for row in rows]
