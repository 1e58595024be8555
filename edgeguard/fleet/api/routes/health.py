"""Whether the server runs, and whether it can serve: for load balancers, without login and without details."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Response

from edgeguard.errors import StoreError
from edgeguard.fleet.api.asked import Served
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import schema_version

log = logging.getLogger(__name__)

root_router = APIRouter(tags=["health"])


@dataclass(frozen=True)
class Health:
    """Whether it does."""

    status: Literal["ok", "not ready"]


@root_router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health("ok")


@root_router.get("/readyz", responses={503: {"model": Health, "description": "Not now; the log says why."}})
def readyz(parts: Served, response: Response) -> Health:
    """The database is there and of this version, and the broker, where one is configured, is connected."""
    if _is_ready(parts):
        return Health("ok")
    response.status_code = 503
    return Health("not ready")


def _is_ready(parts: Parts) -> bool:
    if parts.connected is not None and not parts.connected():
        log.warning("not ready: the broker is not connected")
        return False
    try:
        schema_version.check(parts.database)
    except StoreError as error:
        log.warning("not ready: %s", error)
        return False
    return True
