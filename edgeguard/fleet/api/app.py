"""The web application, put together from its parts."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from edgeguard import __version__
from edgeguard.fleet.api.errors import add_error_handlers
from edgeguard.fleet.api.openapi import describe
from edgeguard.fleet.api.prometheus import Latencies, Timed
from edgeguard.fleet.api.routes import (
    accounts,
    alarms,
    devices,
    entry,
    events,
    exports,
    fairness,
    health,
    labels,
    metrics,
    models,
    oidc,
    quarantine,
    settings,
    wearers,
)
from edgeguard.fleet.api.security import Shield
from edgeguard.fleet.api.unknown import add_unknown
from edgeguard.fleet.parts import Parts

API: Final = "/api/v1"
# Each has a `router`, under API, or a `root_router`, under the root, or both.
ROUTES: Final = (
    accounts,
    settings,
    devices,
    alarms,
    models,
    quarantine,
    events,
    exports,
    wearers,
    labels,
    fairness,
    health,
    metrics,
    entry,
    oidc,
)


def create_app(parts: Parts, *, pages: bool = True) -> FastAPI:
    """REST, live events, metrics, health, login and, unless switched off, the pages, behind one shield.

    Routes reach `parts` as ``request.app.state.parts``; pages have it from `add_pages`. NiceGUI knows one application
    a process, so a process can have the pages once.
    """
    app = FastAPI(
        title="EdgeGuard fleet", version=__version__, openapi_url=f"{API}/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.parts = parts
    app.state.latencies = Latencies()
    for module in ROUTES:
        if router := getattr(module, "router", None):
            app.include_router(router, prefix=API)
        if router := getattr(module, "root_router", None):
            app.include_router(router)
    add_error_handlers(app)
    add_unknown(app)
    describe(app)
    if pages:
        from edgeguard.fleet.pages import add_pages  # noqa: PLC0415 - NiceGUI only where there are pages

        add_pages(app, parts)
    app.add_middleware(Shield, parts=parts)
    app.add_middleware(Timed, latencies=app.state.latencies)
    return app
