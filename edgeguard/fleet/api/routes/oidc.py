"""Login by the identity provider: to it, and back."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from edgeguard.errors import EdgeGuardError, NotFound
from edgeguard.fleet.actions import entry
from edgeguard.fleet.api import cookies
from edgeguard.fleet.api.asked import Served
from edgeguard.fleet.api.links import base_url
from edgeguard.fleet.api.origins import local_path
from edgeguard.fleet.api.routes.entry import address_of, let_in, show_login_failure
from edgeguard.fleet.identity_provider import IdentityProvider, Journey, ProviderFailed
from edgeguard.fleet.parts import Parts

root_router: Final = APIRouter(prefix="/oidc", include_in_schema=False)
_COOKIE: Final = "oidc"


@root_router.get("/login")
def depart(parts: Served, request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Send the browser to the provider."""
    try:
        url, journey = _provider(parts).depart()
    except EdgeGuardError as error:
        return show_login_failure(request, error)
    response = RedirectResponse(url, 303)
    luggage = {"state": journey.state, "nonce": journey.nonce, "verifier": journey.verifier, "next": local_path(next)}
    cookies.give_short(response, parts.config.web, _COOKIE, urlencode(luggage))
    return response


@root_router.get("/callback")
def arrive(parts: Served, request: Request) -> Response:
    """Take the provider's answer."""
    luggage = {name: values[0] for name, values in parse_qs(cookies.short(request, _COOKIE)).items()}
    try:
        cookie = _log_in(parts, request, luggage)
    except EdgeGuardError as error:
        response = show_login_failure(request, error)
    else:
        response = let_in(request, cookie, luggage["next"])
    cookies.take_short(response, parts.config.web, _COOKIE)
    return response


def _log_in(parts: Parts, request: Request, luggage: dict[str, str]) -> str:
    if not {"state", "nonce", "verifier", "next"} <= luggage.keys():
        raise ProviderFailed("this login was not begun here, or too long ago: log in again")
    journey = Journey(luggage["state"], luggage["nonce"], luggage["verifier"])
    identity = _provider(parts).arrive(journey, request.query_params, parts.now_ms())
    return entry.log_in_as(parts.database, identity, address_of(request), parts.now_ms())


def _provider(parts: Parts) -> IdentityProvider:
    if not parts.config.oidc.issuer:
        raise NotFound("no identity provider is configured: log in by password")
    return IdentityProvider(parts.config.oidc, f"{base_url(parts.config.web)}/oidc/callback")
