"""The people who may come in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from edgeguard.errors import ConfigError, NotFound, StoreError
from edgeguard.fleet.actor import Role
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.tables import users


@dataclass(frozen=True)
class User:
    """A person; who has no `password` comes in by the identity provider alone, or by an invitation first."""

    id: int
    name: str
    role: Role
    disabled: bool
    created_ms: int
    password: bool
    single_sign_on: bool


_NAME: Final = re.compile(r"[\w.@+-]{1,64}")
_OURS: Final = ("system", "nobody")  # as the audit log calls the program, and who is not logged in
_COLUMNS: Final = (
    users.c.id,
    users.c.name,
    users.c.role,
    users.c.disabled,
    users.c.created_ms,
    users.c.password_hash.is_not(None),
    users.c.subject.is_not(None),
)


def normal_name(name: str) -> str:
    """As names are kept and compared: no two users differ by case or by how a letter is written alone."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def listed(connection: Connection, *, search: str = "", limit: int = 50, offset: int = 0) -> Listing[User]:
    """Users whose name holds `search`, by name."""
    condition = users.c.name.icontains(search, autoescape=True)
    total = connection.execute(select(func.count()).select_from(users).where(condition)).scalar_one()
    query = select(*_COLUMNS).where(condition).order_by(users.c.name).limit(limit).offset(offset)
    return Listing([User(*row) for row in connection.execute(query)], total, offset)


def user(connection: Connection, user_id: int) -> User:
    """The user of that number; NotFound."""
    row = connection.execute(select(*_COLUMNS).where(users.c.id == user_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no user number {user_id}: see the list of users")
    return User(*row)


def user_named(connection: Connection, name: str) -> User | None:
    """The user who logs in as `name`."""
    row = connection.execute(select(*_COLUMNS).where(users.c.name == name)).one_or_none()
    return None if row is None else User(*row)


def user_of_subject(connection: Connection, subject: str) -> User | None:
    """The user whom the identity provider calls `subject`."""
    row = connection.execute(select(*_COLUMNS).where(users.c.subject == subject)).one_or_none()
    return None if row is None else User(*row)


def add(connection: Connection, name: str, role: Role, now_ms: int, *, subject: str | None = None) -> int:
    """A new user without a password; their number. ConfigError for no name at all, StoreError for somebody's."""
    row = {"name": _free(connection, name), "role": role, "subject": subject, "created_ms": now_ms}
    return int(connection.execute(insert(users).values(row).returning(users.c.id)).scalar_one())


def change(connection: Connection, user_id: int, **values: Any) -> None:
    """Set columns of a user."""
    connection.execute(update(users).where(users.c.id == user_id).values(values))


def remove(connection: Connection, user_id: int) -> None:
    """Forget a user, with their sessions, tokens and invitations; the audit log keeps their name."""
    connection.execute(delete(users).where(users.c.id == user_id))


def password_hash(connection: Connection, user_id: int) -> str | None:
    """The argon2id hash of the user's password, if they have one."""
    return connection.execute(select(users.c.password_hash).where(users.c.id == user_id)).scalar_one_or_none()


def admins(connection: Connection, *, locked: bool = False) -> list[int]:
    """Who can log in and manage; `locked` until the transaction ends, so that no two can remove each other."""
    can_come_in = users.c.password_hash.is_not(None) | users.c.subject.is_not(None)
    conditions = (users.c.role == "admin", users.c.disabled.is_(False), can_come_in)
    query = select(users.c.id).where(*conditions).order_by(users.c.id)
    return list(connection.execute(query.with_for_update() if locked else query).scalars())


def _free(connection: Connection, name: str) -> str:
    normal = normal_name(name)
    if not _NAME.fullmatch(normal) or normal in _OURS:
        raise ConfigError(f"{name[:80]!r} cannot be a user's name: 1 to 64 letters, digits and . _ - + @")
    if user_named(connection, normal) is not None:
        raise StoreError(f"a user is called {normal!r} already: choose another name")
    return normal
