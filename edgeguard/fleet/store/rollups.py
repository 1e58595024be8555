"""Sums of summaries over hours, and of hours over days.

An hour is summed anew from its summaries whenever one comes. Where retention has dropped them (`closed`), a late
summary is added to the hour instead and goes; where the hours are gone too, to the day. Hours are taken off the queue
first and read afterwards: what a concurrent ingest commits in between stays queued.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Row, Table, delete, func, select

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store import closed
from edgeguard.fleet.store.advisory import Lock, take, try_take
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.sums import class_columns_of, columns_of
from edgeguard.fleet.store.tables import class_days, class_hours, days, hours, stale_hours, summaries
from edgeguard.fleet.store.upsert import insert
from edgeguard.telemetry.tally import Tally
from edgeguard.telemetry.tally_total import total

_PARTS: Final = 16  # so many roll-ups can go on at once, each over its own devices
_DEVICES: Final = 250  # in one transaction
_ROWS: Final = 2000  # fetched at once


class _Bucket(NamedTuple):
    table: Table
    by_class: Table
    length_ms: int


_HOURS: Final = _Bucket(hours, class_hours, HOUR_MS)
_DAYS: Final = _Bucket(days, class_days, DAY_MS)


class _Key(NamedTuple):
    device_id: int
    bucket_ms: int
    source: str
    bundle_id: int


class _Sum(NamedTuple):
    key: _Key
    battery: float | None
    tally: Tally


class _Stale(NamedTuple):
    """Devices, and the span within one day that covers their stale hours."""

    devices: Sequence[int]
    from_ms: int
    to_ms: int

    @property
    def whole_day(self) -> _Stale:
        start = self.from_ms - self.from_ms % DAY_MS
        return self._replace(from_ms=start, to_ms=start + DAY_MS)


def roll_up(database: Database, enough: Callable[[], bool] = lambda: False) -> int:
    """Bring the sums of every stale hour up to date, or of some until it is `enough`: how many (device, day) they were.

    Any number of roll-ups at once: what another is at is left to it.
    """
    parts = list(range(_PARTS))
    random.shuffle(parts)  # two upkeeps that begin at once do not follow each other
    done = 0
    for part in parts:
        while not enough() and (some := _roll_up_some(database, part)):
            done += some
    return done


def alone(connection: Connection) -> None:
    """Wait until no roll-up goes on; none begins before this transaction ends."""
    for part in range(_PARTS):
        take(connection, Lock.ROLLUPS, part)


def _roll_up_some(database: Database, part: int) -> int:
    with database.writing() as connection:
        if not try_take(connection, Lock.ROLLUPS, part) or not (stale := _taken(connection, part)):
            return 0
        _sum_up(connection, stale)
        return len(stale.devices)


def _taken(connection: Connection, part: int) -> _Stale | None:
    """Some devices of the queue's oldest day: all their stale hours of it are off the queue now."""
    ours = stale_hours.c.device_id % _PARTS == part
    oldest = connection.execute(select(func.min(stale_hours.c.bucket_ms)).where(ours)).scalar_one()
    if oldest is None:
        return None
    day = oldest - oldest % DAY_MS
    same_day = (stale_hours.c.bucket_ms >= day, stale_hours.c.bucket_ms < day + DAY_MS)
    some = select(stale_hours.c.device_id).distinct().where(*same_day, ours).order_by("device_id").limit(_DEVICES)
    devices = connection.execute(some).scalars().all()
    off = delete(stale_hours).where(*same_day, stale_hours.c.device_id.in_(devices)).returning(stale_hours.c.bucket_ms)
    taken = connection.execute(off).scalars().all()
    return _Stale(devices, min(taken), max(taken) + HOUR_MS)


def _sum_up(connection: Connection, stale: _Stale) -> None:
    day = stale.whole_day
    fresh = _rows(connection, summaries, summaries.c.at_ms, stale)
    if day.from_ms < closed.before_ms(connection, "hours"):
        _write(connection, _DAYS, merge(_standing(connection, _DAYS, day), fresh, key=_device))
        _forget(connection, stale)
        return
    if day.from_ms < closed.before_ms(connection, "summaries"):
        _write(connection, _HOURS, merge(_standing(connection, _HOURS, stale), fresh, key=_device))
        _forget(connection, stale)
    else:
        _write(connection, _HOURS, fresh)
    _write(connection, _DAYS, _standing(connection, _HOURS, day))


def _standing(connection: Connection, bucket: _Bucket, span: _Stale) -> Iterator[Row[Any]]:
    """What the buckets hold already."""
    return _rows(connection, bucket.table, bucket.table.c.bucket_ms, span)


def _rows(connection: Connection, table: Table, time: Column[int], span: _Stale) -> Iterator[Row[Any]]:
    """Rows in the span, in order of devices, a few thousand in memory at once."""
    columns = table.c
    query = (
        select(
            columns.device_id, time.label("at_ms"), columns.source, columns.bundle_id, columns.battery, columns.tally
        )
        .where(columns.device_id.in_(span.devices), time >= span.from_ms, time < span.to_ms)
        .order_by(columns.device_id)
    )
    yield from connection.execute(query.execution_options(yield_per=_ROWS))


def _device(row: Row[Any]) -> int:
    return int(row.device_id)


def _sums(rows: Iterable[Row[Any]], length_ms: int) -> Iterator[_Sum]:
    """`rows`, in order of devices, added up by device, bucket, source and bundle."""
    for _, of_device in groupby(rows, _device):
        groups: defaultdict[_Key, list[Row[Any]]] = defaultdict(list)
        for row in of_device:
            groups[_Key(row.device_id, row.at_ms - row.at_ms % length_ms, row.source, row.bundle_id)].append(row)
        for key, group in groups.items():
            battery = min((row.battery for row in group if row.battery is not None), default=None)
            yield _Sum(key, battery, total(row.tally for row in group))


def _write(connection: Connection, bucket: _Bucket, rows: Iterable[Row[Any]]) -> None:
    """Put the sums of `rows` in place of what the buckets hold."""
    sums = list(_sums(rows, bucket.length_ms))
    _put(connection, bucket.table, [{**s.key._asdict(), "battery": s.battery, **columns_of(s.tally)} for s in sums])
    of_classes = [{**s.key._asdict(), **columns} for s in sums for columns in class_columns_of(s.tally)]
    _put(connection, bucket.by_class, of_classes)


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        statement = insert(connection, table)
        keys = list(table.primary_key.columns)
        new = {column.name: statement.excluded[column.name] for column in table.c if column not in set(keys)}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)


def _forget(connection: Connection, stale: _Stale) -> None:
    at_ms = summaries.c.at_ms
    old = (summaries.c.device_id.in_(stale.devices), at_ms >= stale.from_ms, at_ms < stale.to_ms)
    connection.execute(delete(summaries).where(*old))
