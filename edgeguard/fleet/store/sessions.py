"""Who is logged in: a session is known by the SHA-256 of its cookie."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from edgeguard.fleet.actor import Role
from edgeguard.fleet.store.tables import sessions, users


@dataclass(frozen=True)
class Session:
    """A login that has not ended, of a user who is not disabled."""

    sha256: str
    csrf_sha256: str
    used_ms: int
    user_id: int
    name: str
    role: Role


def begin(connection: Connection, sha256: str, csrf_sha256: str, user_id: int, now_ms: int, expires_ms: int) -> None:
    """A new session of the user, over at `expires_ms` whatever they do."""
    times = {"created_ms": now_ms, "used_ms": now_ms, "expires_ms": expires_ms}
    connection.execute(insert(sessions).values(sha256=sha256, csrf_sha256=csrf_sha256, user_id=user_id, **times))


def session(connection: Connection, sha256: str, now_ms: int, idle_ms: int) -> Session | None:
    """The session, unless it is unknown, over, unused for `idle_ms`, or its user is disabled."""
    mine = (sessions.c.sha256, sessions.c.csrf_sha256, sessions.c.used_ms)
    query = select(*mine, users.c.id, users.c.name, users.c.role).join(users, users.c.id == sessions.c.user_id)
    alive = (sessions.c.expires_ms > now_ms, sessions.c.used_ms > now_ms - idle_ms, users.c.disabled.is_(False))
    row = connection.execute(query.where(sessions.c.sha256 == sha256, *alive)).one_or_none()
    return None if row is None else Session(*row)


def touch(connection: Connection, sha256: str, now_ms: int) -> None:
    """Note that the session is used."""
    connection.execute(update(sessions).where(sessions.c.sha256 == sha256).values(used_ms=now_ms))


def end(connection: Connection, sha256: str) -> int | None:
    """Log out; the number of whose session it was."""
    query = delete(sessions).where(sessions.c.sha256 == sha256).returning(sessions.c.user_id)
    return connection.execute(query).scalar_one_or_none()


def end_all(connection: Connection, user_id: int, *, but: str = "") -> None:
    """Log the user out everywhere, except in the session whose SHA-256 is `but`."""
    connection.execute(delete(sessions).where(sessions.c.user_id == user_id, sessions.c.sha256 != but))


def forget_expired(connection: Connection, now_ms: int) -> None:
    """Delete sessions that are over."""
    connection.execute(delete(sessions).where(sessions.c.expires_ms <= now_ms))
