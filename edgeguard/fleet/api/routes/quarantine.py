"""Messages that were set aside: they may hold anything, so only admins read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from edgeguard.fleet.actions import quarantine as actions
from edgeguard.fleet.api.answer import json_answer
from edgeguard.fleet.api.asked import Admin, Reader, Served
from edgeguard.fleet.api.filters import QuarantinePage
from edgeguard.fleet.api.limits import Id, Strict
from edgeguard.fleet.store import quarantine as store
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.quarantine import QuarantineRow, ReasonCount

router = APIRouter(prefix="/quarantine", tags=["quarantine"])


class ToDiscard(Strict):
    """Numbers of rows; null: all."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=actions.MOST_AT_ONCE)] | None


@dataclass(frozen=True)
class Discarded:
    """How many rows are gone."""

    rows: int


@router.get("", response_model=Listing[QuarantineRow])
def list_quarantine(parts: Served, _actor: Admin, asked: Annotated[QuarantinePage, Query()]) -> Any:
    """Part of what was set aside, the newest first."""
    with parts.database.reading() as connection:
        return json_answer(store.quarantine(connection, **asked.model_dump()))


@router.get("/reasons")
def list_reasons(parts: Served, _actor: Reader) -> list[ReasonCount]:
    """Why messages were set aside, the most frequent reasons first."""
    with parts.database.reading() as connection:
        return store.reasons(connection)


@router.post("/discard")
def discard(parts: Served, actor: Admin, asked: ToDiscard) -> Discarded:
    """Let go of rows."""
    return Discarded(actions.discard(parts.database, actor, asked.ids, parts.now_ms()))
