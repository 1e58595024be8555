"""What admins do to users, and users to their own password."""

from __future__ import annotations

from edgeguard.errors import ConfigError, StoreError
from edgeguard.fleet import passwords
from edgeguard.fleet.actions.entry import LoginFailed
from edgeguard.fleet.actions.invitations import new_link
from edgeguard.fleet.actions.throttle import Attempt
from edgeguard.fleet.actor import Actor, Role
from edgeguard.fleet.store import accounts, audit, sessions
from edgeguard.fleet.store.accounts import User
from edgeguard.fleet.store.database import Connection, Database


def invite(database: Database, actor: Actor, name: str, role: Role, now_ms: int) -> tuple[User, str]:
    """A new user, and the secret of the link under which they choose their password within 24 hours."""
    actor.must("manage")
    with database.writing() as connection:
        user_id = accounts.add(connection, name, role, now_ms)
        user = accounts.user(connection, user_id)
        audit.record(connection, actor, "user.create", user.name, {"role": role}, now_ms)
        return user, new_link(connection, user_id, now_ms)


def reset_password(database: Database, actor: Actor, user_id: int, now_ms: int) -> str:
    """The secret of a link under which the user chooses a new password; the old one holds until they do."""
    actor.must("manage")
    with database.writing() as connection:
        user = accounts.user(connection, user_id)
        audit.record(connection, actor, "user.reset_password", user.name, {}, now_ms)
        return new_link(connection, user_id, now_ms)


def change(
    database: Database,
    actor: Actor,
    user_id: int,
    now_ms: int,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
) -> User:
    """Give the user another role, keep them out (tokens included) or let them in again: from this moment on."""
    actor.must("manage")
    with database.writing() as connection:
        user = accounts.user(connection, user_id)
        if role not in {None, "admin"} or disabled:
            _leave_an_admin(connection, user)
        if role not in {None, user.role}:
            accounts.change(connection, user_id, role=role)
            audit.record(connection, actor, "user.role", user.name, {"from": user.role, "to": role}, now_ms)
        if disabled not in {None, user.disabled}:
            accounts.change(connection, user_id, disabled=disabled)
            sessions.end_all(connection, user_id)
            audit.record(connection, actor, "user.disable" if disabled else "user.enable", user.name, {}, now_ms)
        return accounts.user(connection, user_id)


def remove(database: Database, actor: Actor, user_id: int, now_ms: int) -> None:
    """Remove the user, their sessions and tokens; what they did stays in the audit log under their name."""
    actor.must("manage")
    with database.writing() as connection:
        user = accounts.user(connection, user_id)
        _leave_an_admin(connection, user)
        audit.record(connection, actor, "user.remove", user.name, {"role": user.role}, now_ms)
        accounts.remove(connection, user_id)  # last: it may be the actor, whom the log points to


def change_own_password(
    database: Database, actor: Actor, old: str, new: str, now_ms: int, *, session: str, address: str
) -> None:
    """Change the actor's password, and end their other sessions than the one whose SHA-256 is `session`.

    LoginFailed where `old` is wrong, throttled as logins are.
    """
    user_id = actor.user_id
    if user_id is None:
        raise ConfigError("the program itself has no password")
    attempt = Attempt(actor.name, address)
    attempt.charge(database, now_ms)
    with database.reading() as connection:
        known = accounts.password_hash(connection, user_id)
    if not passwords.fits(known, old):
        raise LoginFailed("the old password is wrong: try again")
    attempt.forgive(database)
    passwords.check_rules(new, actor.name)
    new_hash = passwords.hashed(new)
    with database.writing() as connection:
        accounts.change(connection, user_id, password_hash=new_hash)
        sessions.end_all(connection, user_id, but=session)
        audit.record(connection, actor, "user.change_password", actor.name, {}, now_ms)


def _leave_an_admin(connection: Connection, user: User) -> None:
    if accounts.admins(connection, locked=True) == [user.id]:
        raise StoreError(f"{user.name} is the last admin who can log in: make somebody else an admin first")
