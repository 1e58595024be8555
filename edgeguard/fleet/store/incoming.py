"""What ingest writes of devices, models and summaries.

No two workers can wait for each other in a ring: in each transaction models are added first, then devices, and then the
rows of all devices concerned are locked in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Double,
    Select,
    String,
    Text,
    Update,
    and_,
    case,
    cast,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import bulk
from edgeguard.fleet.store.tables import bundles, commands, devices, stale_hours, summaries
from edgeguard.fleet.store.upsert import insert
from edgeguard.telemetry.topics import Address


@dataclass(frozen=True)
class Known:
    """A device's row as this transaction has locked it."""

    id: int
    status: str
    status_ms: int
    boot: str
    bundle_id: int | None


@dataclass
class Change:
    """What messages say of a device; None: nothing."""

    last_seen_ms: int = 0
    told_time: bool = False
    clock_offset_ms: int | None = None  # counts where `told_time`
    waiting: int | None = None
    dropped: str | None = None  # JSON
    battery: float | None = None
    missing: int = 0
    limited: int = 0
    limited_ms: int | None = None


def bundle_ids(connection: Connection, sha256s: Collection[str], now_ms: int) -> dict[str, int]:
    """The models' ids; those not known yet are added, without a name."""
    if not sha256s:
        return {}
    found = _bundles(connection, sha256s)
    if new := sorted(set(sha256s) - found.keys()):
        rows = [{"sha256": sha256, "first_seen_ms": now_ms} for sha256 in new]
        connection.execute(insert(connection, bundles).on_conflict_do_nothing(), rows)
        found = _bundles(connection, sha256s)
    return found


def _bundles(connection: Connection, sha256s: Collection[str]) -> dict[str, int]:
    query = select(bundles.c.sha256, bundles.c.id).where(bundles.c.sha256.in_(sha256s))
    return {row.sha256: row.id for row in connection.execute(query)}


def device_ids(connection: Connection, addresses: Iterable[Address]) -> dict[Address, int]:
    """The ids of those devices that are known."""
    wanted = bulk.rows({"fleet": address.fleet, "device": address.device} for address in addresses)
    found = connection.execute(_select_ids(connection.dialect.name), {"wanted": wanted})
    return {Address(row.fleet, row.device): row.id for row in found}


def add_devices(connection: Connection, first_ms: Mapping[Address, int]) -> None:
    """Take devices in, in one order for all workers."""
    ordered = sorted(first_ms.items(), key=lambda item: (item[0].fleet, item[0].device))
    rows = [
        {"fleet": address.fleet, "device": address.device, "first_seen_ms": at_ms, "last_seen_ms": 0}
        for address, at_ms in ordered
    ]
    connection.execute(insert(connection, devices).on_conflict_do_nothing(), rows)


def devices_since(connection: Connection, since_ms: int) -> int:
    """How many devices have appeared since."""
    query = select(func.count()).select_from(devices).where(devices.c.first_seen_ms >= since_ms)
    return int(connection.execute(query).scalar_one())


def lock_devices(connection: Connection, ids: Iterable[int]) -> dict[int, Known]:
    """Lock the rows of devices until the transaction ends; those that are gone are left out."""
    wanted = bulk.rows({"id": device_id} for device_id in ids)
    found = connection.execute(_lock(connection.dialect.name), {"wanted": wanted})
    return {row.id: Known(*row) for row in found}


def change_devices(connection: Connection, changes: Mapping[int, Change]) -> None:
    """Write what messages said of locked devices."""
    if changes:
        rows = ({"id": device_id, **vars(change)} for device_id, change in changes.items())
        connection.execute(_change(connection.dialect.name), {"changed": bulk.rows(rows)})


def put_summaries(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert summaries, and note their hours for the upkeep."""
    if not rows:
        return
    bulk.append(connection, summaries, rows)
    hours = {(row["device_id"], row["at_ms"] - row["at_ms"] % HOUR_MS) for row in rows}
    stale = [{"device_id": device_id, "bucket_ms": bucket_ms} for device_id, bucket_ms in hours]
    bulk.append(connection, stale_hours, stale)


def answer_commands(connection: Connection, answers: Sequence[Mapping[str, Any]]) -> None:
    """Note devices' answers; the first to a command counts, and one to another device's command does not."""
    if answers:
        first = {(answer["id"], answer["device_id"]): answer for answer in reversed(answers)}
        connection.execute(_answer(connection.dialect.name), {"answers": bulk.rows(first.values())})


@cache
def _select_ids(dialect: str) -> Select[Any]:
    wanted = bulk.given(dialect, "wanted", fleet=String(), device=String())
    same = and_(devices.c.fleet == wanted.c.fleet, devices.c.device == wanted.c.device)
    return select(devices.c.fleet, devices.c.device, devices.c.id).join(wanted, same)


@cache
def _lock(dialect: str) -> Select[Any]:
    wanted = bulk.given(dialect, "wanted", id=BigInteger())
    columns = (devices.c[name] for name in Known.__dataclass_fields__)
    rows = select(*columns).join(wanted, devices.c.id == wanted.c.id).order_by(devices.c.id)
    return rows.with_for_update(key_share=True, of=devices)


@cache
def _change(dialect: str) -> Update:
    numbers = dict.fromkeys(
        ("id", "last_seen_ms", "clock_offset_ms", "waiting", "missing", "limited", "limited_ms"), BigInteger()
    )
    new = bulk.given(dialect, "changed", told_time=Boolean(), dropped=Text(), battery=Double(), **numbers).c
    old = devices.c
    dropped = cast(new.dropped, postgresql.JSONB) if dialect == "postgresql" else func.json(new.dropped, type_=JSON)
    return (
        update(devices)
        .where(old.id == new.id)
        .values(
            last_seen_ms=case((new.last_seen_ms > old.last_seen_ms, new.last_seen_ms), else_=old.last_seen_ms),
            clock_offset_ms=case((new.told_time, new.clock_offset_ms), else_=old.clock_offset_ms),
            waiting=func.coalesce(new.waiting, old.waiting),
            dropped=func.coalesce(dropped, old.dropped),
            battery=func.coalesce(new.battery, old.battery),
            missing=old.missing + new.missing,
            limited=old.limited + new.limited,
            limited_ms=func.coalesce(new.limited_ms, old.limited_ms),
        )
    )


@cache
def _answer(dialect: str) -> Update:
    numbers = dict.fromkeys(("device_id", "at_ms"), BigInteger())
    new = bulk.given(dialect, "answers", id=String(), done=Boolean(), reason=String(), **numbers).c
    ours = and_(commands.c.id == new.id, commands.c.device_id == new.device_id, commands.c.answered_ms.is_(None))
    return update(commands).where(ours).values(answered_ms=new.at_ms, done=new.done, reason=new.reason)
