"""Coming in and leaving: sessions begin and end here alone."""

from __future__ import annotations

import re
from typing import Final

from edgeguard.errors import Forbidden
from edgeguard.fleet import passwords
from edgeguard.fleet.actions.throttle import Attempt
from edgeguard.fleet.actor import PERMISSIONS, Actor, Role
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.identity_provider import Identity
from edgeguard.fleet.secret import csrf_from, new_secret, sha256_of
from edgeguard.fleet.store import accounts, attempts, audit, invitations, sessions
from edgeguard.fleet.store.accounts import User
from edgeguard.fleet.store.database import Connection, Database

LIFETIME_MS: Final = 30 * DAY_MS  # log in again after it, however busy the session is
_NOBODY: Final = Actor(None, "nobody", frozenset())
_WRONG: Final = "name or password are wrong: try again, or ask an admin for a link to a new password"


class LoginFailed(Forbidden):
    """Name or password are wrong, or the user is disabled: the answer does not tell which."""


def log_in(database: Database, name: str, password: str, address: str, now_ms: int) -> str:
    """A new session's cookie; LoginFailed, TooManyAttempts. `address` is where the request comes from."""
    attempt = Attempt(accounts.normal_name(name), address)
    attempt.charge(database, now_ms)
    user, known = _by_name(database, attempt.account)
    fits = passwords.fits(known, password)
    if user is None or not fits or user.disabled:
        _note_failure(database, user, address, now_ms)
        raise LoginFailed(_WRONG)
    attempt.forgive(database)
    with database.writing() as connection:
        if accounts.password_hash(connection, user.id) != known:
            raise LoginFailed(_WRONG)  # changed meanwhile
        if passwords.outgrown(known or ""):
            accounts.change(connection, user.id, password_hash=passwords.hashed(password))
        return begin(connection, user, "password", address, now_ms)


def log_in_as(database: Database, identity: Identity, address: str, now_ms: int) -> str:
    """A new session's cookie for whom the identity provider vouches, with the role that it gives them now."""
    with database.writing() as connection:
        user = accounts.user_of_subject(connection, identity.subject)
        refusal = "has no role here" if identity.role is None else "is disabled" if user and user.disabled else None
        if identity.role is not None and refusal is None:
            user = _with_role(connection, user, identity, identity.role, now_ms)
            return begin(connection, user, "identity provider", address, now_ms)
        if user is not None:
            sessions.end_all(connection, user.id)
        audit.record(connection, _NOBODY, "login.failed", identity.name, {"address": address, "why": refusal}, now_ms)
    raise LoginFailed(f"{identity.name[:80]} {refusal}: ask an admin")


def _with_role(connection: Connection, user: User | None, identity: Identity, role: Role, now_ms: int) -> User:
    if user is None:
        user_id = accounts.add(connection, _unused(connection, identity.name), role, now_ms, subject=identity.subject)
        user = accounts.user(connection, user_id)
        audit.record(connection, _actor(user), "user.create", user.name, {"role": role}, now_ms)
    elif user.role != role:
        accounts.change(connection, user.id, role=role)
        audit.record(connection, _actor(user), "user.role", user.name, {"from": user.role, "to": role}, now_ms)
    return accounts.user(connection, user.id)


def begin(connection: Connection, user: User, way: str, address: str, now_ms: int) -> str:
    """The cookie of a new session of a user who has shown who they are in some `way`."""
    cookie = new_secret()
    attempts.forget_old(connection, now_ms)
    sessions.forget_expired(connection, now_ms)
    invitations.forget_old(connection, now_ms)
    sha256, csrf_sha256 = sha256_of(cookie), sha256_of(csrf_from(cookie))
    sessions.begin(connection, sha256, csrf_sha256, user.id, now_ms, now_ms + LIFETIME_MS)
    audit.record(connection, _actor(user), "login", user.name, {"by": way, "address": address}, now_ms)
    return cookie


def log_out(database: Database, cookie: str, now_ms: int) -> None:
    """End the session behind a cookie, if there is one."""
    with database.writing() as connection:
        user_id = sessions.end(connection, sha256_of(cookie))
        if user_id is not None:
            user = accounts.user(connection, user_id)
            audit.record(connection, _actor(user), "logout", user.name, {}, now_ms)


def _by_name(database: Database, name: str) -> tuple[User | None, str | None]:
    with database.reading() as connection:
        user = accounts.user_named(connection, name)
        return user, accounts.password_hash(connection, user.id) if user else None


def _note_failure(database: Database, user: User | None, address: str, now_ms: int) -> None:
    """The typed name only where it is a user's: else it may be a password."""
    name = user.name if user else "(no such user)"
    with database.writing() as connection:
        audit.record(connection, _NOBODY, "login.failed", name, {"address": address}, now_ms)


def _actor(user: User) -> Actor:
    return Actor(user.id, user.name, PERMISSIONS[user.role])


def _unused(connection: Connection, name: str) -> str:
    """`name` as a user's may be, numbered where it is somebody else's: only the subject tells who is who."""
    base = re.sub(r"[^\w.@+-]", "-", accounts.normal_name(name))[:58] or "user"
    names = (base, *(f"{base}-{number}" for number in range(2, 10_000)))
    return next(name for name in names if accounts.user_named(connection, name) is None)
