"""What the fairness page compares, as it stands in the page's URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlencode

from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.fairness_report import Origin, Question

DAYS: Final = {1: "Last 24 hours", 7: "Last 7 days", 30: "Last 30 days", 90: "Last 90 days", 365: "Last year"}
ORIGINS: Final = {"": "Labels: samples, else alarms", "sample": "Labels of samples", "alarm": "Labels of alarms"}


@dataclass(frozen=True)
class FairnessFilters:
    """One view: groups by `attribute` (and `second`), over `days`, of one model or of all, with labels of `origin`."""

    attribute: str = ""
    second: str = ""
    days: int = 7
    model: int | None = None
    origin: str = ""

    def question(self, now_ms: int) -> Question:
        """What to ask for."""
        return Question(
            now_ms - self.days * DAY_MS,
            now_ms,
            self.attribute,
            self.second if self.second != self.attribute else "",
            self.model,
            origin=cast("Origin", self.origin) if self.origin else None,
            detailed=True,
        )

    def query(self) -> str:
        """What stands behind the ``?``."""
        usual = FairnessFilters()
        mine = vars(self).items()
        return urlencode({name: value for name, value in mine if value not in (None, "", getattr(usual, name))})

    def url(self) -> str:
        """The page's address that shows this view."""
        query = self.query()
        return "/fairness" + (f"?{query}" if query else "")


def filters_from(query: Mapping[str, str], attributes: list[str]) -> FairnessFilters:
    """The view that a URL asks for; by the first attribute where it names none that there is."""
    days, model = query.get("days", ""), query.get("model", "")
    first = attributes[0] if attributes else ""
    return FairnessFilters(
        attribute=query["attribute"] if query.get("attribute") in attributes else first,
        second=query["second"] if query.get("second") in attributes else "",
        days=int(days) if days in map(str, DAYS) else 7,
        model=int(model) if model.isascii() and model.isdigit() and len(model) < 10 else None,
        origin=query["origin"] if query.get("origin") in ORIGINS else "",
    )
