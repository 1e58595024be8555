"""Which model runs where, since when, and what changed with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from edgeguard.errors import DataError
from edgeguard.fleet.api.asked import Id, Reader, Served
from edgeguard.fleet.api.limits import Span
from edgeguard.fleet.arrival import Arrival, arrival
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store import models as store
from edgeguard.fleet.store.models import ModelRow, Rollout

router = APIRouter(prefix="/models", tags=["models"])


class RolloutSpan(Span):
    """Which time, in how many points; the last 30 days where nothing is said."""

    points: Annotated[int, Field(ge=2, le=1000)] = 100


@router.get("")
def list_models(parts: Served, _actor: Reader) -> list[ModelRow]:
    """All models, those on most devices first."""
    with parts.database.reading() as connection:
        return store.models(connection)


@router.get("/rollout")
def read_rollout(parts: Served, _actor: Reader, asked: Annotated[RolloutSpan, Query()]) -> Rollout:
    """How many devices ran each model, over time."""
    to_ms = parts.now_ms() if asked.to_ms is None else asked.to_ms
    from_ms = max(0, to_ms - 30 * DAY_MS) if asked.from_ms is None else asked.from_ms
    if to_ms <= from_ms:
        raise DataError(f"from {from_ms} to {to_ms} is no time: correct from_ms and to_ms")
    with parts.database.reading() as connection:
        return store.rollout(connection, from_ms, to_ms, asked.points)


@router.get("/{bundle_id}/arrival")
def read_arrival(parts: Served, _actor: Reader, bundle_id: Id) -> Arrival:
    """Alarms and rejected windows on the same devices in equal time before and after the model came to them."""
    return arrival(parts.database, bundle_id, parts.now_ms())
