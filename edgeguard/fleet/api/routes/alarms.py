"""The alarm queue, and what people do with it. How an alarm is labelled stands in `labels`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from edgeguard.fleet.actions import alarms as actions
from edgeguard.fleet.api.answer import json_answer
from edgeguard.fleet.api.asked import Id as PathId
from edgeguard.fleet.api.asked import Labeler, Reader, Served
from edgeguard.fleet.api.filters import AlarmPage
from edgeguard.fleet.api.limits import Id, Strict
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import alarms as store
from edgeguard.fleet.store.alarms import Alarm, AlarmRow
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.timeline import Timeline, timeline

router = APIRouter(prefix="/alarms", tags=["alarms"])


class Chosen(Strict):
    """Numbers of alarms: all of them are changed, or none."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=actions.MOST_AT_ONCE)]


class Assignment(Chosen):
    """Whose the alarms become; null: nobody's."""

    user_id: Id | None


class NewComment(Strict):
    """What somebody says of an alarm."""

    text: Annotated[str, Field(min_length=1, max_length=actions.LONGEST_COMMENT)]


@dataclass(frozen=True)
class Written:
    """The number of a comment."""

    id: int


@router.get("", response_model=Listing[AlarmRow])
def list_alarms(parts: Served, _actor: Reader, asked: Annotated[AlarmPage, Query()]) -> Any:
    """Part of the alarm queue, the newest first."""
    with parts.database.reading() as connection:
        return json_answer(store.alarms(connection, **asked.model_dump()))


@router.get("/{alarm_id}")
def read_alarm(parts: Served, _actor: Reader, alarm_id: PathId) -> Alarm:
    """One alarm with its label and comments."""
    with parts.database.reading() as connection:
        return store.alarm(connection, alarm_id)


@router.get("/{alarm_id}/around", response_model=Timeline)
def read_around(parts: Served, _actor: Reader, alarm_id: PathId) -> Any:
    """The device's figures from an hour before the alarm to an hour after it."""
    with parts.database.reading() as connection:
        row = store.alarm(connection, alarm_id).row
        end_ms = min(row.ended_ms or row.began_ms, row.began_ms + 24 * HOUR_MS)
        around = timeline(connection, row.device_id, row.began_ms - HOUR_MS, end_ms + HOUR_MS, source=row.source)
        return json_answer(around)


@router.post("/acknowledge", status_code=204)
def acknowledge(parts: Served, actor: Labeler, asked: Chosen) -> None:
    """Say that somebody looks after them."""
    actions.acknowledge(parts.database, actor, asked.ids, parts.now_ms())


@router.post("/close", status_code=204)
def close(parts: Served, actor: Labeler, asked: Chosen) -> None:
    """Say that they need nobody any more."""
    actions.close(parts.database, actor, asked.ids, parts.now_ms())


@router.post("/reopen", status_code=204)
def reopen(parts: Served, actor: Labeler, asked: Chosen) -> None:
    """Say that they need somebody again."""
    actions.reopen(parts.database, actor, asked.ids, parts.now_ms())


@router.post("/assign", status_code=204)
def assign(parts: Served, actor: Labeler, asked: Assignment) -> None:
    """Make them a user's, or nobody's."""
    actions.assign(parts.database, actor, asked.ids, asked.user_id, parts.now_ms())


@router.post("/{alarm_id}/comments", status_code=201)
def comment(parts: Served, actor: Labeler, alarm_id: PathId, asked: NewComment) -> Written:
    """Write a comment."""
    return Written(actions.comment(parts.database, actor, alarm_id, asked.text, parts.now_ms()))
