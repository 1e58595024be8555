"""How far retention has come: before these times the finer rows are gone, and later ones are added to the coarser."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection

from edgeguard.fleet.store import settings

Kind = Literal["summaries", "hours"]


def before_ms(connection: Connection, kind: Kind) -> int:
    """Rows of `kind` before this time have been dropped; 0 where none have."""
    return int(settings.get(connection, f"retention.{kind}_before_ms", 0))


def close(connection: Connection, kind: Kind, at_ms: int) -> None:
    """Rows of `kind` before `at_ms`, the beginning of a day, are dropped in this transaction."""
    settings.put(connection, f"retention.{kind}_before_ms", at_ms)
