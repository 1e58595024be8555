"""Locks on what no row stands for, held until the transaction ends; on SQLite whoever writes is alone anyway."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Connection, func, select

_OURS = 0x4547 << 8  # so that other programs on the server lock other numbers


class Lock(IntEnum):
    """What is locked."""

    SCHEMA = _OURS + 1
    PARTITIONS = _OURS + 2
    ROLLUPS = _OURS + 3
    FAIRNESS = _OURS + 4


def take(connection: Connection, lock: Lock, part: int = 0) -> None:
    """Wait for the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(int(lock), part)))


def try_take(connection: Connection, lock: Lock, part: int = 0) -> bool:
    """The lock, unless another transaction has it."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(int(lock), part))).scalar_one())
