"""Paths and methods that no route has, under /api and outside of sessions: not for the pages mounted after them."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from edgeguard.fleet.api.errors import answer
from edgeguard.fleet.api.security import OPEN_PATHS


class _Unknown(BaseRoute):
    def __init__(self, app: FastAPI) -> None:
        self.known = list(app.router.routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope["path"]
        is_ours = scope["type"] == "http" and (path.startswith("/api/") or path in OPEN_PATHS)
        return (Match.FULL if is_ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        for route in self.known:
            match, child = route.matches(dict(scope))
            if match is Match.PARTIAL:  # the path is known, the method is not: the route answers 405
                await route.handle({**scope, **child}, receive, send)
                return
        nothing = f"there is nothing at {scope['path'][:200]}: see /api/v1/openapi.json"
        await answer(scope["path"], 404, nothing)(scope, receive, send)


def add_unknown(app: FastAPI) -> None:
    """Add the last route before the pages; all others must be there already."""
    app.router.routes.append(_Unknown(app))
