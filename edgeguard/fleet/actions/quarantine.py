"""What admins do with messages that were set aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeguard.errors import DataError
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.store import audit, quarantine
from edgeguard.fleet.store.database import Database

MOST_AT_ONCE: Final = 500


def discard(database: Database, actor: Actor, ids: Sequence[int] | None, now_ms: int) -> int:
    """Let go of these rows, or of all; how many there were. Forbidden."""
    actor.must("manage")
    if ids is not None and not 0 < len(ids) <= MOST_AT_ONCE:
        raise DataError(f"{len(ids)} rows at once: name 1 to {MOST_AT_ONCE}, or none for all")
    with database.writing() as connection:
        rows = quarantine.discard(connection, ids)
        audit.record(connection, actor, "quarantine.discard", "quarantine", {"rows": rows}, now_ms)
    return rows
