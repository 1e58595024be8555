"""Whether the model treats its wearers alike: groups only, and none that is too small."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from edgeguard.fleet.api.answer import json_answer
from edgeguard.fleet.api.asked import Reader, Served
from edgeguard.fleet.api.limits import Id, Ms, Page, Search, Strict
from edgeguard.fleet.fairness import report
from edgeguard.fleet.fairness_report import Origin, Question, Report
from edgeguard.fleet.store import fairness_alerts, figures
from edgeguard.fleet.store.fairness_alerts import FairnessAlert
from edgeguard.fleet.store.listing import Listing

router = APIRouter(prefix="/fairness", tags=["fairness"])


class ReportAsked(Strict):
    """See `fairness_report.Question`."""

    from_ms: Ms
    to_ms: Ms
    attribute: Search
    second: Search = ""
    bundle_id: Id | None = None
    fleet: Search = ""
    origin: Origin | None = None
    detailed: bool = False


class AlertPage(Page):
    """`only_open`: those that have not ended."""

    only_open: bool = False


@router.get("/attributes")
def list_attributes(parts: Served, _actor: Reader) -> list[str]:
    """What wearers can be grouped by."""
    with parts.database.reading() as connection:
        return figures.attribute_names(connection)


@router.get("/report", response_model=Report)
def read_report(parts: Served, _actor: Reader, asked: Annotated[ReportAsked, Query()]) -> Any:
    """Every figure by group, with intervals over wearers."""
    question = Question(**asked.model_dump())
    return json_answer(report(parts.database, question, parts.config.fairness, parts.now_ms()))


@router.get("/alerts")
def list_alerts(parts: Served, _actor: Reader, asked: Annotated[AlertPage, Query()]) -> Listing[FairnessAlert]:
    """Gaps that have left their band, the newest first."""
    with parts.database.reading() as connection:
        return fairness_alerts.alerts(connection, **asked.model_dump())
