"""Metrics for Prometheus.

They need a token that may read, from this machine too: behind a reverse proxy every request comes from there.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from edgeguard.fleet.api.asked import Reader, Served
from edgeguard.fleet.api.prometheus import CONTENT_TYPE, exposition

root_router = APIRouter(tags=["metrics"])


@root_router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request, parts: Served, _actor: Reader) -> Response:
    """Everything, in Prometheus' text format."""
    return Response(exposition(parts.database, request.app.state.latencies), media_type=CONTENT_TYPE)
