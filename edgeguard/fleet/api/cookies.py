"""The cookies: how a session's is given and taken away, and the form cookie of who is not logged in yet."""

from __future__ import annotations

import hmac
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from edgeguard.errors import Forbidden
from edgeguard.fleet.actions.entry import LIFETIME_MS
from edgeguard.fleet.api.access import gate_of
from edgeguard.fleet.api.gate import cookie_name, is_https
from edgeguard.fleet.config import Web
from edgeguard.fleet.secret import new_secret

_FORM_S: Final = 3600


def give_session(response: Response, web: Web, cookie: str) -> None:
    """Log the browser in.

    Lax, not Strict: who follows a link in a mail, or comes back from an identity provider, would be a stranger.
    """
    _set(response, web, cookie_name(web), cookie, LIFETIME_MS // 1000)


def take_session(response: Response, web: Web) -> None:
    """Log the browser out."""
    name = cookie_name(web)
    response.delete_cookie(name, path="/", secure=is_https(web), httponly=True, samesite="lax")


def give_short(response: Response, web: Web, purpose: str, value: str) -> None:
    """A cookie for one step, such as a form or the way to an identity provider and back."""
    _set(response, web, f"{cookie_name(web)}-{purpose}", value, _FORM_S)


def take_short(response: Response, web: Web, purpose: str) -> None:
    """Take it away again."""
    name = f"{cookie_name(web)}-{purpose}"
    response.delete_cookie(name, path="/", secure=is_https(web), httponly=True, samesite="lax")


def short(request: Request, purpose: str) -> str:
    """That cookie's value, or empty."""
    return request.cookies.get(f"{cookie_name(gate_of(request).parts.config.web)}-{purpose}", "")


def form_token(request: Request) -> str:
    """What a form of ours carries beside the cookie of the same value: another site can set neither (login CSRF)."""
    return short(request, "form") or new_secret()


def check_form(request: Request, token: str) -> None:
    """Forbidden unless the form came from a page of ours."""
    known = short(request, "form")
    if not known or not hmac.compare_digest(known.encode(), token.encode()):
        raise Forbidden("the form is too old, or the browser keeps no cookies: send it once more")


def _set(response: Response, web: Web, name: str, value: str, age_s: int) -> None:
    response.set_cookie(name, value, max_age=age_s, path="/", secure=is_https(web), httponly=True, samesite="lax")
