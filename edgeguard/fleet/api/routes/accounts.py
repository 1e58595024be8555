"""Login by programs, oneself, users, tokens and the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from edgeguard.errors import Forbidden
from edgeguard.fleet.actions import accounts, entry, tokens
from edgeguard.fleet.actor import Actor, Permission, Role
from edgeguard.fleet.api import cookies
from edgeguard.fleet.api.access import cookie_of, gate_of, session_of
from edgeguard.fleet.api.asked import Admin, Id, Reader, Rows, Served
from edgeguard.fleet.api.links import invitation_link
from edgeguard.fleet.api.routes.entry import address_of
from edgeguard.fleet.secret import csrf_from
from edgeguard.fleet.store import accounts as accounts_store
from edgeguard.fleet.store import audit
from edgeguard.fleet.store.accounts import User
from edgeguard.fleet.store.audit import Entry
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.sessions import Session
from edgeguard.fleet.store.tokens import Token

router: Final = APIRouter(tags=["accounts"])
Password = Annotated[str, Field(max_length=2000, json_schema_extra={"format": "password"})]
Text = Annotated[str, Query(max_length=64)]
Ms = Annotated[int, Query(ge=0, le=2**53)]


@dataclass(frozen=True)
class Credentials:
    """Who wants to come in."""

    name: Annotated[str, Field(max_length=200)]
    password: Password = field(repr=False)


@dataclass(frozen=True)
class Me:
    """Who asks, what they may, and what unsafe requests with their cookie carry in the header X-CSRF-Token."""

    name: str
    may: list[Permission]
    csrf_token: str | None


@dataclass(frozen=True)
class PasswordChange:
    """The password as it is and as it shall be."""

    old: Password = field(repr=False)
    new: Password = field(repr=False)


@dataclass(frozen=True)
class NewUser:
    """A user to invite."""

    name: Annotated[str, Field(max_length=64)]
    role: Role


@dataclass(frozen=True)
class Invited:
    """The user, and the link under which they choose their password within 24 hours: shown this once."""

    user: User
    link: str = field(repr=False)


@dataclass(frozen=True)
class Link:
    """A link to open once, within 24 hours: shown this once."""

    link: str = field(repr=False)


@dataclass(frozen=True)
class UserChange:
    """What shall be other; null leaves it as it is."""

    role: Role | None = None
    disabled: bool | None = None


@dataclass(frozen=True)
class NewToken:
    """A token to make."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=3)]
    days: Annotated[int, Field(ge=1, le=tokens.MAX_DAYS)] = 90


@dataclass(frozen=True)
class MadeToken:
    """The token: shown this once."""

    id: int
    token: str = field(repr=False)


@router.post("/login")
def log_in(parts: Served, request: Request, response: Response, credentials: Credentials) -> Me:
    """Begin a session: its cookie is set, and its CSRF token answered. Programs better use a token."""
    address, now_ms = address_of(request), parts.now_ms()
    cookie = entry.log_in(parts.database, credentials.name, credentials.password, address, now_ms)
    cookies.give_session(response, parts.config.web, cookie)
    actor = gate_of(request).actor(cookie)
    return Me(actor.name, sorted(actor.may), csrf_from(cookie))


@router.post("/logout", status_code=204)
def log_out(parts: Served, request: Request, response: Response, _actor: Reader) -> None:
    """End the session."""
    entry.log_out(parts.database, cookie_of(request), parts.now_ms())
    cookies.take_session(response, parts.config.web)


@router.get("/me")
def me(request: Request, actor: Reader) -> Me:
    """Who asks."""
    cookie = "" if "authorization" in request.headers else cookie_of(request)
    return Me(actor.name, sorted(actor.may), csrf_from(cookie) if cookie else None)


@router.put("/me/password", status_code=204)
def change_password(parts: Served, request: Request, actor: Reader, change: PasswordChange) -> None:
    """Change one's own password, and end one's other sessions."""
    session = _own_session(request, actor)
    accounts.change_own_password(
        parts.database,
        actor,
        change.old,
        change.new,
        parts.now_ms(),
        session=session.sha256,
        address=address_of(request),
    )


@router.get("/users")
def users(parts: Served, _actor: Admin, rows: Rows, search: Text = "") -> Listing[User]:
    """The users."""
    with parts.database.reading() as connection:
        return accounts_store.listed(connection, search=search, limit=rows.limit, offset=rows.offset)


@router.post("/users", status_code=201)
def invite(parts: Served, actor: Admin, new: NewUser) -> Invited:
    """A new user, who chooses a password under the link."""
    user, secret = accounts.invite(parts.database, actor, new.name, new.role, parts.now_ms())
    return Invited(user, invitation_link(parts.config.web, secret))


@router.patch("/users/{user_id}")
def change_user(parts: Served, actor: Admin, user_id: Id, change: UserChange) -> User:
    """Another role, or in or out."""
    return accounts.change(parts.database, actor, user_id, parts.now_ms(), role=change.role, disabled=change.disabled)


@router.delete("/users/{user_id}", status_code=204)
def remove_user(parts: Served, actor: Admin, user_id: Id) -> None:
    """Remove a user, with their sessions and tokens."""
    accounts.remove(parts.database, actor, user_id, parts.now_ms())


@router.post("/users/{user_id}/invitation", status_code=201)
def reset_password(parts: Served, actor: Admin, user_id: Id) -> Link:
    """A link to a new password."""
    secret = accounts.reset_password(parts.database, actor, user_id, parts.now_ms())
    return Link(invitation_link(parts.config.web, secret))


@router.get("/tokens")
def list_tokens(parts: Served, actor: Reader) -> list[Token]:
    """One's own tokens; everybody's for admins."""
    return tokens.listed(parts.database, actor)


@router.post("/tokens", status_code=201)
def create_token(parts: Served, request: Request, actor: Reader, new: NewToken) -> MadeToken:
    """A token of one's own; made by people who are logged in, not by tokens."""
    _own_session(request, actor)
    return MadeToken(*tokens.create(parts.database, actor, new.name, new.scopes, new.days, parts.now_ms()))


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(parts: Served, actor: Reader, token_id: Id) -> None:
    """From now on the token opens nothing."""
    tokens.revoke(parts.database, actor, token_id, parts.now_ms())


@router.get("/audit")
def list_audit(
    parts: Served,
    _actor: Admin,
    rows: Rows,
    name: Text = "",
    action: Text = "",
    from_ms: Ms | None = None,
    to_ms: Ms | None = None,
) -> Listing[Entry]:
    """Who did what, newest first: of a user, of actions that begin so, in [from_ms, to_ms)."""
    with parts.database.reading() as connection:
        return audit.entries(
            connection,
            name=name,
            action=action,
            from_ms=from_ms,
            to_ms=to_ms,
            limit=rows.limit,
            offset=rows.offset,
        )


def _own_session(request: Request, actor: Actor) -> Session:
    """Of a person: what can be stolen with a token must not outlive it."""
    session = None if "authorization" in request.headers else session_of(request)
    if session is None or session.user_id != actor.user_id:
        raise Forbidden("this needs a person who is logged in, not a token: do it on the page")
    return session
