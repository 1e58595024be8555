"""Who did what, and when: written in the transaction of what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from edgeguard.fleet.actor import Actor
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.tables import audit

_SUBJECT_LETTERS: Final = 200


@dataclass(frozen=True)
class Entry:
    """One line of the audit log; `user_id` is None for the program itself, and for users who are gone."""

    id: int
    at_ms: int
    user_id: int | None
    name: str
    action: str
    subject: str
    details: dict[str, Any]


def record(
    connection: Connection, actor: Actor, action: str, subject: str, details: Mapping[str, Any], now_ms: int
) -> None:
    """Write down that `actor` did `action` (``noun.verb``) to `subject`; no secrets, no group attributes."""
    row = {"at_ms": now_ms, "user_id": actor.user_id, "name": actor.name, "action": action}
    connection.execute(insert(audit).values(**row, subject=subject[:_SUBJECT_LETTERS], details=dict(details)))


def entries(
    connection: Connection,
    *,
    name: str = "",
    action: str = "",
    from_ms: int | None = None,
    to_ms: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[Entry]:
    """The log, newest first: of one user's `name`, of the actions that begin with `action`, in [from_ms, to_ms)."""
    conditions = [
        *([audit.c.name == name] if name else []),
        *([audit.c.action.startswith(action, autoescape=True)] if action else []),
        *([audit.c.at_ms >= from_ms] if from_ms is not None else []),
        *([audit.c.at_ms < to_ms] if to_ms is not None else []),
    ]
    columns = (audit.c[field] for field in Entry.__dataclass_fields__)
    query = select(*columns).where(*conditions).order_by(audit.c.at_ms.desc(), audit.c.id.desc())
    total = connection.execute(select(func.count()).select_from(audit).where(*conditions)).scalar_one()
    return Listing([Entry(*row) for row in connection.execute(query.limit(limit).offset(offset))], total, offset)
