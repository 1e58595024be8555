"""Who asks, for routes (`Allowed`) and for pages (`actor_of`, `current`)."""

from __future__ import annotations

import hmac
from typing import Final, Protocol

from fastapi import Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection, Request

from edgeguard.errors import Forbidden
from edgeguard.fleet.actor import Actor, Permission
from edgeguard.fleet.api.gate import Gate, LoginNeeded, actor_from, cookie_name
from edgeguard.fleet.secret import sha256_of
from edgeguard.fleet.store.sessions import Session

CSRF_HEADER: Final = "X-CSRF-Token"
SCOPE_KEY: Final = "edgeguard.gate"  # where the middleware leaves the Gate: also the mounted pages' requests have it
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER: Final = HTTPBearer(auto_error=False, scheme_name="token", description="An API token: egt_…")
_COOKIE: Final = APIKeyCookie(
    name="edgeguard",
    auto_error=False,
    scheme_name="session",
    description=f"A login's; over TLS it is named __Host-edgeguard. Unsafe methods also need {CSRF_HEADER}.",
)


class Page(Protocol):
    """What has the request that opened a page: NiceGUI's Client."""

    request: Request


class Allowed:
    """FastAPI dependency: the Actor, who may do `permission`; else 401 or 403.

    With a session's cookie, unsafe methods must carry its CSRF token in the header ``X-CSRF-Token``.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(
        self,
        request: Request,
        bearer: HTTPAuthorizationCredentials | None = Security(_BEARER),  # noqa: B008 - FastAPI's way to declare
        _cookie: str | None = Security(_COOKIE),  # for the OpenAPI alone
    ) -> Actor:
        """Whom the request comes from."""
        actor = self._by_token(request, bearer.credentials) if bearer else self._by_cookie(request)
        actor.must(self.permission)
        return actor

    @staticmethod
    def _by_token(request: Request, token: str) -> Actor:
        actor = gate_of(request).bearer(token)
        if actor is None:
            raise LoginNeeded("the token is not known, has expired or was revoked: ask an admin for another")
        return actor

    @staticmethod
    def _by_cookie(request: Request) -> Actor:
        session = session_of(request)
        if session is None:
            raise LoginNeeded("nobody is logged in: log in, or send an API token as Authorization: Bearer")
        if request.method not in _SAFE:
            check_csrf(session, request.headers.get(CSRF_HEADER, ""))
        return actor_from(session)


def gate_of(request: HTTPConnection) -> Gate:
    """The Gate that the middleware left in the request."""
    gate: Gate = request.scope[SCOPE_KEY]
    return gate


def session_of(request: HTTPConnection, *, used: bool = True) -> Session | None:
    """The session behind the request's cookie, as it stands now; `used` keeps it from expiring."""
    cookie = cookie_of(request)
    return gate_of(request).session(cookie, used=used) if cookie else None


def cookie_of(request: HTTPConnection) -> str:
    """The session's cookie as the browser sends it, or empty."""
    return request.cookies.get(cookie_name(gate_of(request).parts.config.web), "")


def actor_of(request: HTTPConnection) -> Actor | None:
    """Who is logged in behind a request, or None; asks the database, so call it in a thread."""
    session = session_of(request)
    return None if session is None else actor_from(session)


def current(source: HTTPConnection | Page, *, used: bool = True) -> Actor:
    """Who acts on an open page, checked at this moment; LoginNeeded where the session is over or the user disabled.

    Args:
        source: The request that opened the page, or NiceGUI's client that has it.
        used: Whether a person did something (which keeps the session alive) or the page refreshes itself.
    """
    request = source if isinstance(source, HTTPConnection) else source.request
    return gate_of(request).actor(cookie_of(request), used=used)


def check_csrf(session: Session, token: str) -> None:
    """Forbidden unless `token` is the session's."""
    if not hmac.compare_digest(sha256_of(token), session.csrf_sha256):
        raise Forbidden(f"the header {CSRF_HEADER} is missing or wrong: take its value from GET /api/v1/me")
