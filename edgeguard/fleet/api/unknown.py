"""Paths under /api that no route has: answered as the API answers, not by the pages mounted after it."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from edgeguard.fleet.api.errors import failure


class _Unknown(BaseRoute):
    def __init__(self, app: FastAPI) -> None:
        self.known = list(app.router.routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        return (Match.FULL if is_api else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        for route in self.known:
            match, child = route.matches(dict(scope))
            if match is Match.PARTIAL:  # the path is known, the method is not: the route answers 405
                await route.handle({**scope, **child}, receive, send)
                return
        await failure(404, f"there is nothing at {scope['path'][:200]}: see /api/v1/openapi.json")(scope, receive, send)


def add_unknown(app: FastAPI) -> None:
    """Add the last route under /api; everything else under /api must be there already."""
    app.router.routes.append(_Unknown(app))
