"""What windows really were: of alarms one by one, of samples as files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from edgeguard.csv_text import MAX_LETTERS
from edgeguard.fleet.actions import labels as actions
from edgeguard.fleet.api.asked import Id as PathId
from edgeguard.fleet.api.asked import Labeler, Reader, Served
from edgeguard.fleet.api.csv_body import CSV_ANSWER, CSV_REQUEST, csv_answer, csv_of
from edgeguard.fleet.api.limits import Strict
from edgeguard.fleet.fairness_report import Origin
from edgeguard.fleet.store.label_import import ImportedLabels

router = APIRouter(tags=["labels"])


class NewLabel(Strict):
    """One of the model's classes."""

    label: Annotated[str, Field(min_length=1, max_length=MAX_LETTERS)]


class HowToImport(Strict):
    """`dry_run`: only tell."""

    dry_run: bool = False


class Which(Strict):
    """`origin`: labelled because of an alarm, or drawn otherwise."""

    origin: Origin = "sample"


@router.put("/alarms/{alarm_id}/label", status_code=204)
def put_label(parts: Served, actor: Labeler, alarm_id: PathId, asked: NewLabel) -> None:
    """Say what the window was that the alarm began with."""
    actions.label(parts.database, actor, alarm_id, asked.label, parts.now_ms())


@router.delete("/alarms/{alarm_id}/label", status_code=204)
def delete_label(parts: Served, actor: Labeler, alarm_id: PathId) -> None:
    """Take the label back."""
    actions.label(parts.database, actor, alarm_id, None, parts.now_ms())


@router.get("/labels/file", response_class=Response, responses=CSV_ANSWER)
def export_labels(parts: Served, actor: Reader, which: Annotated[Which, Query()]) -> Response:
    """All labels of an origin as a CSV."""
    return csv_answer(actions.export_labels(parts.database, actor, which.origin), f"labels-{which.origin}.csv")


@router.post("/labels/file", openapi_extra=CSV_REQUEST)
def import_labels(
    parts: Served, actor: Labeler, content: Annotated[bytes, Depends(csv_of)], how: Annotated[HowToImport, Query()]
) -> ImportedLabels:
    """Take in a CSV of windows drawn as a sample: all of it or nothing."""
    return actions.import_labels(parts.database, actor, content, parts.now_ms(), dry_run=how.dry_run)
