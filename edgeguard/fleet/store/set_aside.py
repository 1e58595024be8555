"""Messages that are not taken in, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, update

from edgeguard.fleet.store.tables import quarantine


def put(connection: Connection, row: Mapping[str, Any]) -> int:
    """Set a message aside, or several in one row: the row's id."""
    statement = insert(quarantine).values(row).returning(quarantine.c.id)
    return int(connection.execute(statement).scalar_one())


def add(connection: Connection, row_id: int, messages: int) -> None:
    """Let a row stand for so many more."""
    row = quarantine.c.id == row_id
    connection.execute(update(quarantine).where(row).values(messages=quarantine.c.messages + messages))
