"""PostgreSQL's partitions of `summaries`, one a day: retention is in days, and drops whole files.

A week would hold up to seven days longer than was asked for, and 10 000 devices at one summary a minute make 100
million rows of it. A row for whose day there is no partition lands in the default one, until its own is made. On SQLite
there are none.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final

from sqlalchemy import Connection, MetaData, Table, delete, insert, inspect, select, text

from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store import closed
from edgeguard.fleet.store.advisory import Lock, take
from edgeguard.fleet.store.tables import summaries

_AHEAD_DAYS: Final = 3
_WAIT_MS: Final = 5000  # for locks: who waits for all of `summaries` holds up whoever comes after
_DEFAULT: Final = summaries.to_metadata(MetaData(), name="summaries_default")


def prepare(connection: Connection, now_ms: int) -> int:
    """Make partitions for the days ahead, and for those of rows in the default one: how many are new."""
    if connection.dialect.name != "postgresql":
        return 0
    _lock(connection)
    today = now_ms // DAY_MS
    missing = {*range(today, today + _AHEAD_DAYS), *_days_by_default(connection)} - set(days(connection))
    if missing:
        hold_still(connection)  # a row on its way to the default partition would be refused by it in the end
    for day in sorted(missing):
        _make(connection, day)
    return len(missing)


def drop_before(connection: Connection, before_ms: int) -> int:
    """Drop the partitions of the days that end at or before `before_ms`: how many."""
    if connection.dialect.name != "postgresql":
        return 0
    _lock(connection)
    old = [day for day in days(connection) if (day + 1) * DAY_MS <= before_ms]
    for day in old:
        connection.execute(text(f"DROP TABLE {_table(day).name}"))  # names cannot be bound; this one is of digits
    return len(old)


def hold_still(connection: Connection) -> None:
    """Wait until nobody reads or writes summaries; nobody does before this transaction ends."""
    if connection.dialect.name == "postgresql":
        _lock(connection)
        connection.execute(text("LOCK TABLE summaries IN ACCESS EXCLUSIVE MODE"))


def days(connection: Connection) -> list[int]:
    """Of which days there are partitions, in days since 1970."""
    names = inspect(connection).get_table_names()
    prefix = _table(0).name.removesuffix("19700101")
    dates = sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return [(datetime.strptime(date, "%Y%m%d") - datetime(1970, 1, 1)).days for date in dates]


def _lock(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = {_WAIT_MS}"))
    take(connection, Lock.PARTITIONS)


def _days_by_default(connection: Connection) -> set[int]:
    """Of rows that stay: those of closed days are soon added to their hours, and go."""
    at_ms = _DEFAULT.c.at_ms
    stays = at_ms >= closed.before_ms(connection, "summaries")
    return set(connection.execute(select(at_ms // DAY_MS).where(stays).distinct()).scalars())


def _make(connection: Connection, day: int) -> None:
    """A table with the day's rows out of the default partition, which then takes its place beside it."""
    table, start, end = _table(day), day * DAY_MS, (day + 1) * DAY_MS
    connection.execute(text(f"CREATE TABLE {table.name} (LIKE summaries INCLUDING ALL)"))
    of_day = (_DEFAULT.c.at_ms >= start, _DEFAULT.c.at_ms < end)
    moved = delete(_DEFAULT).where(*of_day).returning(*_DEFAULT.c).cte()
    connection.execute(insert(table).from_select(list(table.c), select(moved)))
    attach = f"ALTER TABLE summaries ATTACH PARTITION {table.name} FOR VALUES FROM ({start}) TO ({end})"
    connection.execute(text(attach))


def _table(day: int) -> Table:
    date = datetime.fromtimestamp(day * DAY_MS / 1000, timezone.utc)
    return summaries.to_metadata(MetaData(), name=f"summaries_p{date:%Y%m%d}")
