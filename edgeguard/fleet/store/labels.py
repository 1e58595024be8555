"""What windows really were, as people say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Table, delete, select

from edgeguard.errors import NotFound
from edgeguard.fleet.store.tables import alarms, boots, class_days, deployments, devices, labels
from edgeguard.fleet.store.upsert import insert

_IN_ONE = 500  # rows or ids in one statement
_KEY = ("device_id", "boot", "source", "window_start")


class WindowKey(NamedTuple):
    """Which window of all."""

    device_id: int
    boot: str
    source: str
    window_start: int


@dataclass(frozen=True)
class LabelRow:
    """One labelled window; `user_id` None: the user is gone, or it was the program."""

    key: WindowKey
    at_ms: int
    bundle_id: int
    predicted: str
    probabilities: dict[str, float]
    label: str
    origin: str
    alarm_id: int | None
    user_id: int | None
    labelled_ms: int


@dataclass(frozen=True)
class Known:
    """What is known of devices that a file names, each by device id.

    Attributes:
        boots: (boot, first_ms, last_ms).
        deployments: (bundle id, since_ms, until_ms or None).
        classes: That any of its models predicted.
    """

    boots: dict[int, list[tuple[str, int, int]]]
    deployments: dict[int, list[tuple[int, int, int | None]]]
    classes: dict[int, set[str]]


def alarm_window(connection: Connection, alarm_id: int) -> LabelRow:
    """The window that an alarm began with, not labelled yet; NotFound."""
    query = select(alarms, boots.c.boot).join(boots, boots.c.id == alarms.c.boot_id).where(alarms.c.id == alarm_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no alarm {alarm_id}")
    key = WindowKey(row.device_id, row.boot, row.source, row.window_start)
    return LabelRow(key, row.began_ms, row.bundle_id, row.predicted, row.probabilities, "", "alarm", alarm_id, None, 0)


def of_windows(connection: Connection, device_ids: Sequence[int]) -> dict[WindowKey, LabelRow]:
    """All labels of these devices."""
    found: dict[WindowKey, LabelRow] = {}
    for row in _of_devices(connection, labels, device_ids, list(labels.c)):
        key = WindowKey(*(row[name] for name in _KEY))
        rest = {name: row[name] for name in LabelRow.__dataclass_fields__ if name != "key"}
        found[key] = LabelRow(key, **rest)
    return found


def put(connection: Connection, rows: Sequence[LabelRow]) -> None:
    """Store labels, each in place of the one its window had."""
    values = [{**row.key._asdict(), **{name: getattr(row, name) for name in _VALUES}} for row in rows]
    if values:
        statement = insert(connection, labels)
        new = {name: statement.excluded[name] for name in _VALUES}
        connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=new), values)


def remove(connection: Connection, key: WindowKey) -> None:
    """Forget what a window was."""
    connection.execute(delete(labels).where(*(labels.c[name] == getattr(key, name) for name in _KEY)))


def known(connection: Connection, device_ids: Sequence[int]) -> Known:
    """What the devices ran, and when."""
    found = Known({}, {}, {})
    for row in _of_devices(
        connection, boots, device_ids, [boots.c[n] for n in ("device_id", "boot", "first_ms", "last_ms")]
    ):
        found.boots.setdefault(row["device_id"], []).append((row["boot"], row["first_ms"], row["last_ms"]))
    columns = [deployments.c[n] for n in ("device_id", "bundle_id", "since_ms", "until_ms")]
    for row in _of_devices(connection, deployments, device_ids, columns):
        span = row["bundle_id"], row["since_ms"], row["until_ms"]
        found.deployments.setdefault(row["device_id"], []).append(span)
    columns = [class_days.c.device_id, class_days.c["class"]]
    for row in _of_devices(connection, class_days, device_ids, columns, distinct=True):
        found.classes.setdefault(row["device_id"], set()).add(row["class"])
    return found


def every(connection: Connection, origin: str) -> Iterator[tuple[str, str, LabelRow]]:
    """(fleet, device, label) of all labels of an origin, the oldest first."""
    columns = [devices.c.fleet, devices.c.device, *labels.c]
    query = select(*columns).join(devices, devices.c.id == labels.c.device_id).where(labels.c.origin == origin)
    for row in connection.execute(query.order_by(labels.c.at_ms, labels.c.id)).mappings():
        key = WindowKey(*(row[labels.c[name]] for name in _KEY))
        rest = {name: row[labels.c[name]] for name in LabelRow.__dataclass_fields__ if name != "key"}
        yield row[devices.c.fleet], row[devices.c.device], LabelRow(key, **rest)


_VALUES = tuple(name for name in LabelRow.__dataclass_fields__ if name != "key")


def _of_devices(
    connection: Connection,
    table: Table,
    device_ids: Sequence[int],
    columns: Iterable[Column[Any]],
    *,
    distinct: bool = False,
) -> Iterator[Any]:
    query = select(*columns)
    for begin in range(0, len(device_ids), _IN_ONE):
        some = query.where(table.c.device_id.in_(device_ids[begin : begin + _IN_ONE]))
        yield from connection.execute(some.distinct() if distinct else some).mappings()
