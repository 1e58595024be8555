"""Alerts, and the alarms that they begin and end.

An alarm lasts from an alert that raises it to the next alert of the same start, source and kind, or to the device's
next start or model if that comes first. That is a property of the set of alerts, whatever the order in which they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, Select, and_, func, insert, select

from edgeguard.fleet.store import bulk, upsert
from edgeguard.fleet.store.incoming import Known
from edgeguard.fleet.store.tables import alarms, alerts, boots, deployments, presence

_OF_ALERT: Final = [column.name for column in alerts.c if column.name in alarms.c and column.name != "windows"]
_Key = tuple[int, int]


def put(connection: Connection, rows: Sequence[Mapping[str, Any]], known: Mapping[int, Known], now_ms: int) -> None:
    """Insert new alerts of locked devices, and bring their alarms up to date."""
    if not rows:
        return
    connection.execute(insert(alerts), rows)
    new = [(row["boot_id"], row["seq"]) for row in rows]
    chain = _found(connection, _before, new)
    before = [(row.boot_id, row.before) for row in chain if row.before is not None]
    for row in _found(connection, _with_next, sorted({*new, *before})):
        if row.raised:
            ends = (row.next_ms, _superseded_ms(connection, row, known[row.device_id]))
            _write(connection, row, min((end for end in ends if end is not None), default=None), now_ms)


def _write(connection: Connection, row: Row[Any], ended_ms: int | None, now_ms: int) -> None:
    windows = row.windows if row.next_raised or row.next_windows is None else max(row.windows, row.next_windows)
    told = {"ended_ms": ended_ms, "windows": windows, "changed_ms": now_ms}
    values = {name: row._mapping[name] for name in _OF_ALERT}
    alarm = upsert.insert(connection, alarms).values(**values, began_ms=row.at_ms, **told)
    connection.execute(alarm.on_conflict_do_update(index_elements=["boot_id", "seq"], set_=told))


def _superseded_ms(connection: Connection, row: Row[Any], known: Known) -> int | None:
    """When the device began anew or took another model after the alert, if it did."""
    since = []
    if known.boot not in ("", row.boot):
        later = (presence.c.device_id == known.id, presence.c.at_ms >= row.at_ms, presence.c.boot != row.boot)
        since.append(connection.execute(select(func.min(presence.c.at_ms)).where(*later)).scalar())
    if known.bundle_id not in (None, row.bundle_id):
        ran = deployments.c
        later = (ran.device_id == known.id, ran.since_ms >= row.at_ms, ran.bundle_id != row.bundle_id)
        since.append(connection.execute(select(func.min(ran.since_ms)).where(*later)).scalar())
    return min((at_ms for at_ms in since if at_ms is not None), default=None)


def _found(connection: Connection, query: Any, keys: Iterable[_Key]) -> Sequence[Row[Any]]:
    wanted = bulk.rows({"boot_id": boot_id, "seq": seq} for boot_id, seq in keys)
    return connection.execute(query(connection.dialect.name), {"wanted": wanted}).all()


@cache
def _before(dialect: str) -> Select[Any]:
    """The alerts before the wanted ones in their chains."""
    this, other, of_wanted = _chain(dialect)
    before = select(func.max(other.c.seq)).where(_same_chain(other, this), other.c.seq < this.c.seq).scalar_subquery()
    return select(this.c.boot_id, before.label("before")).join_from(*of_wanted)


@cache
def _with_next(dialect: str) -> Select[Any]:
    """The wanted alerts, each with the next in its chain."""
    this, other, of_wanted = _chain(dialect)
    after = alerts.alias("after")
    next_seq = select(func.min(other.c.seq)).where(_same_chain(other, this), other.c.seq > this.c.seq).scalar_subquery()
    told = (after.c.at_ms.label("next_ms"), after.c.raised.label("next_raised"), after.c.windows.label("next_windows"))
    return (
        select(this, boots.c.boot, *told)
        .join_from(*of_wanted)
        .join(boots, boots.c.id == this.c.boot_id)
        .outerjoin(after, and_(after.c.boot_id == this.c.boot_id, after.c.seq == next_seq))
    )


def _chain(dialect: str) -> tuple[Any, Any, tuple[Any, ...]]:
    this, other = alerts.alias("this"), alerts.alias("other")
    wanted = bulk.given(dialect, "wanted", boot_id=BigInteger(), seq=BigInteger())
    return this, other, (this, wanted, and_(this.c.boot_id == wanted.c.boot_id, this.c.seq == wanted.c.seq))


def _same_chain(one: Any, other: Any) -> Any:
    return and_(*(one.c[name] == other.c[name] for name in ("boot_id", "source", "kind")))
