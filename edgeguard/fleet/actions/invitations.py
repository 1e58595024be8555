"""Links that are opened once: the first admin's, invitations, new passwords. Only their SHA-256 is kept."""

from __future__ import annotations

from typing import Final

from edgeguard.errors import Forbidden, NotFound
from edgeguard.fleet import passwords
from edgeguard.fleet.actions import entry
from edgeguard.fleet.actor import PERMISSIONS, Actor
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.secret import new_secret, sha256_of
from edgeguard.fleet.store import accounts, audit, invitations, sessions
from edgeguard.fleet.store.accounts import User
from edgeguard.fleet.store.database import Connection, Database

LINK_MS: Final = DAY_MS
_DEAD: Final = "the link is not known, was used, or has expired: ask an admin for another"


def setup_secret(database: Database, now_ms: int) -> str | None:
    """The secret of a new link for the first admin, which replaces earlier ones; None where an admin can log in."""
    with database.writing() as connection:
        return None if accounts.admins(connection) else new_link(connection, None, now_ms)


def new_link(connection: Connection, user_id: int | None, now_ms: int) -> str:
    """The secret of a new link for the user, which replaces their earlier ones."""
    secret = new_secret()
    invitations.add(connection, sha256_of(secret), user_id, now_ms + LINK_MS)
    return secret


def invited(database: Database, secret: str, now_ms: int) -> User:
    """Whom an invitation is for; NotFound."""
    with database.reading() as connection:
        return _invited(connection, secret, now_ms)


def set_up(database: Database, secret: str, name: str, password: str, address: str, now_ms: int) -> str:
    """Make the first admin, who is logged in at once: their session's cookie."""
    passwords.check_rules(password, name)
    with database.reading() as connection:
        _check_setup(connection, secret, now_ms)
    new_hash = passwords.hashed(password)
    with database.writing() as connection:
        _check_setup(connection, secret, now_ms)
        user_id = accounts.add(connection, name, "admin", now_ms)
        user = accounts.user(connection, user_id)
        audit.record(connection, _self(user), "user.set_up", user.name, {"role": "admin"}, now_ms)
        return _let_in(connection, user, new_hash, secret, address, now_ms)


def accept(database: Database, secret: str, password: str, address: str, now_ms: int) -> str:
    """Choose the invited user's password; their other sessions end, and the new one's cookie is given."""
    user = invited(database, secret, now_ms)
    passwords.check_rules(password, user.name)
    new_hash = passwords.hashed(password)
    with database.writing() as connection:
        user = _invited(connection, secret, now_ms)
        audit.record(connection, _self(user), "user.accept", user.name, {}, now_ms)
        return _let_in(connection, user, new_hash, secret, address, now_ms)


def _let_in(connection: Connection, user: User, new_hash: str, secret: str, address: str, now_ms: int) -> str:
    if not invitations.use(connection, sha256_of(secret), now_ms):
        raise NotFound(_DEAD)  # somebody was faster
    accounts.change(connection, user.id, password_hash=new_hash)
    sessions.end_all(connection, user.id)
    return entry.begin(connection, user, "link", address, now_ms)


def _invited(connection: Connection, secret: str, now_ms: int) -> User:
    found = invitations.invitation(connection, sha256_of(secret), now_ms)
    if found is None or found.user_id is None:
        raise NotFound(_DEAD)
    user = accounts.user(connection, found.user_id)
    if user.disabled:
        raise Forbidden(f"{user.name} is disabled: ask an admin")
    return user


def _check_setup(connection: Connection, secret: str, now_ms: int) -> None:
    found = invitations.invitation(connection, sha256_of(secret), now_ms)
    if found is None or found.user_id is not None or accounts.admins(connection):
        raise NotFound("the setup link is not known, was used, or has expired: start the server again for another")


def _self(user: User) -> Actor:
    return Actor(user.id, user.name, PERMISSIONS[user.role])
