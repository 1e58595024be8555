"""Links that may be opened once: the first admin's, invitations, and new passwords."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from edgeguard.fleet.store.tables import invitations


@dataclass(frozen=True)
class Invitation:
    """A link that was not opened yet; `user_id` is None for the first admin's."""

    user_id: int | None


def add(connection: Connection, sha256: str, user_id: int | None, expires_ms: int) -> None:
    """A new link, which replaces the user's earlier ones."""
    connection.execute(delete(invitations).where(invitations.c.user_id.is_not_distinct_from(user_id)))
    connection.execute(insert(invitations).values(sha256=sha256, user_id=user_id, expires_ms=expires_ms))


def invitation(connection: Connection, sha256: str, now_ms: int) -> Invitation | None:
    """The link, unless it is unknown, over or used."""
    alive = (invitations.c.expires_ms > now_ms, invitations.c.used_ms.is_(None))
    query = select(invitations.c.user_id).where(invitations.c.sha256 == sha256, *alive)
    row = connection.execute(query).one_or_none()
    return None if row is None else Invitation(row.user_id)


def use(connection: Connection, sha256: str, now_ms: int) -> bool:
    """Use the link up; False where somebody else was faster."""
    unused = (invitations.c.sha256 == sha256, invitations.c.used_ms.is_(None), invitations.c.expires_ms > now_ms)
    return connection.execute(update(invitations).where(*unused).values(used_ms=now_ms)).rowcount == 1


def forget_old(connection: Connection, now_ms: int) -> None:
    """Delete links that open nothing any more."""
    over = (invitations.c.expires_ms <= now_ms) | invitations.c.used_ms.is_not(None)
    connection.execute(delete(invitations).where(over))
