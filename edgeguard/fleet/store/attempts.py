"""Failed logins by account and by address; every serve process sees those of the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, delete, select, update

from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store.tables import attempts
from edgeguard.fleet.store.upsert import insert

FORGOTTEN_MS: Final = DAY_MS


def locked(connection: Connection, keys: Iterable[str], now_ms: int) -> dict[str, tuple[int, int]]:
    """Per key failures and when the last was, locked until the transaction ends (on PostgreSQL row by row)."""
    for key in sorted(keys):  # always in the same order, or two could wait for each other
        new = insert(connection, attempts).values(key=key, failures=0, last_ms=now_ms)
        connection.execute(new.on_conflict_do_nothing())
    query = select(attempts).where(attempts.c.key.in_(list(keys))).order_by(attempts.c.key).with_for_update()
    rows = connection.execute(query)
    return {row.key: (row.failures if now_ms - row.last_ms < FORGOTTEN_MS else 0, row.last_ms) for row in rows}


def note(connection: Connection, key: str, failures: int, now_ms: int) -> None:
    """Set how often the key has failed, the last time now."""
    connection.execute(update(attempts).where(attempts.c.key == key).values(failures=failures, last_ms=now_ms))


def take_back(connection: Connection, key: str) -> None:
    """One failure less: it was none."""
    fewer = update(attempts).where(attempts.c.key == key, attempts.c.failures > 0)
    connection.execute(fewer.values(failures=attempts.c.failures - 1))


def forget(connection: Connection, key: str) -> None:
    """Start anew."""
    connection.execute(delete(attempts).where(attempts.c.key == key))


def forget_old(connection: Connection, now_ms: int) -> None:
    """Delete what no longer counts."""
    connection.execute(delete(attempts).where(attempts.c.last_ms <= now_ms - FORGOTTEN_MS))
