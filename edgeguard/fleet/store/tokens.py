"""API tokens, for programs: known by their SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from edgeguard.errors import NotFound
from edgeguard.fleet.actor import Permission, Role
from edgeguard.fleet.store.tables import tokens, users


@dataclass(frozen=True)
class Token:
    """What is shown of a token; itself it is shown once, when it is made."""

    id: int
    name: str
    user: str
    scopes: tuple[Permission, ...]
    created_ms: int
    expires_ms: int
    used_ms: int | None
    revoked_ms: int | None


@dataclass(frozen=True)
class Bearer:
    """A token that holds, and its user."""

    id: int
    name: str
    scopes: tuple[Permission, ...]
    used_ms: int | None
    user_id: int
    user: str
    role: Role


_COLUMNS: Final = (tokens.c.id, tokens.c.name, users.c.name.label("user"), tokens.c.scopes, tokens.c.created_ms)
_QUERY: Final = select(*_COLUMNS, tokens.c.expires_ms, tokens.c.used_ms, tokens.c.revoked_ms).join(
    users, users.c.id == tokens.c.user_id
)


def listed(connection: Connection, user_id: int | None = None) -> list[Token]:
    """The tokens of a user, or of all; newest first."""
    conditions = [] if user_id is None else [tokens.c.user_id == user_id]
    query = _QUERY.where(*conditions).order_by(tokens.c.created_ms.desc(), tokens.c.id.desc())
    return [Token(*row[:3], tuple(row.scopes), *row[4:]) for row in connection.execute(query)]


def owner(connection: Connection, token_id: int) -> int:
    """Whose token it is; NotFound."""
    found = connection.execute(select(tokens.c.user_id).where(tokens.c.id == token_id)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no token number {token_id}: see the list of tokens")
    return int(found)


def add(
    connection: Connection,
    user_id: int,
    name: str,
    sha256: str,
    scopes: tuple[Permission, ...],
    now_ms: int,
    expires_ms: int,
) -> int:
    """A new token; its number."""
    row = {"user_id": user_id, "name": name, "sha256": sha256, "scopes": list(scopes)}
    query = insert(tokens).values(row | {"created_ms": now_ms, "expires_ms": expires_ms}).returning(tokens.c.id)
    return int(connection.execute(query).scalar_one())


def bearer(connection: Connection, sha256: str, now_ms: int) -> Bearer | None:
    """The token, unless it is unknown, over, revoked, or its user is disabled."""
    mine = (tokens.c.id, tokens.c.name, tokens.c.scopes, tokens.c.used_ms)
    query = select(*mine, users.c.id, users.c.name, users.c.role).join(users, users.c.id == tokens.c.user_id)
    alive = (tokens.c.expires_ms > now_ms, tokens.c.revoked_ms.is_(None), users.c.disabled.is_(False))
    row = connection.execute(query.where(tokens.c.sha256 == sha256, *alive)).one_or_none()
    return None if row is None else Bearer(row[0], row[1], tuple(row.scopes), *row[3:])


def touch(connection: Connection, token_id: int, now_ms: int) -> None:
    """Note that the token is used."""
    connection.execute(update(tokens).where(tokens.c.id == token_id).values(used_ms=now_ms))


def revoke(connection: Connection, token_id: int, now_ms: int) -> None:
    """From now on the token opens nothing."""
    still = (tokens.c.id == token_id, tokens.c.revoked_ms.is_(None))
    connection.execute(update(tokens).where(*still).values(revoked_ms=now_ms))
