"""What the alarm queue shows, as it stands in the page's URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.pages.alarm_words import KINDS
from edgeguard.fleet.store.alarms import NONE, SORTS, STATUSES

ALL: Final = "all"
SINCE_MS: Final[dict[str, int]] = {"1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
ROWS: Final = 50
_MOST_LETTERS: Final = 130  # of a search: fleet/device


@dataclass(frozen=True)
class AlarmFilters:
    """One view of the queue.

    Attributes:
        status: Of `STATUSES`, or ``all``.
        kind: window, drift, slowdown; empty: all.
        search: Part of ``fleet/device``.
        model: A bundle's id; None: all.
        mine: Only those that are assigned to who asks.
        unlabelled: Only those without a label.
        since: A key of `SINCE_MS`; empty: any time.
        sort: A key of `SORTS`.
        page: From 1.
    """

    status: str = "open"
    kind: str = ""
    search: str = ""
    model: int | None = None
    mine: bool = False
    unlabelled: bool = False
    since: str = ""
    sort: str = "began"
    descending: bool = True
    page: int = 1

    def question(self, user_id: int | None, now_ms: int) -> dict[str, Any]:
        """The arguments of `store.alarms.alarms`."""
        return {
            "status": "" if self.status == ALL else self.status,
            "kind": self.kind,
            "search": self.search,
            "bundle_id": self.model,
            "assignee_id": user_id if self.mine else None,
            "label": NONE if self.unlabelled else "",
            "from_ms": now_ms - SINCE_MS[self.since] if self.since else None,
            "sort": self.sort,
            "descending": self.descending,
            "limit": ROWS,
            "offset": (self.page - 1) * ROWS,
        }

    @property
    def narrowed(self) -> bool:
        """Whether more than the status is asked for."""
        return bool(self.kind or self.search or self.model or self.mine or self.unlabelled or self.since)

    def url(self) -> str:
        """The queue's address that shows this view; what is as always is left out."""
        words = {name: value for name, value in self._words().items() if value}
        return "/alarms" + (f"?{urlencode(words)}" if words else "")

    def _words(self) -> dict[str, str]:
        return {
            "status": self.status if self.status != "open" else "",
            "kind": self.kind,
            "search": self.search,
            "model": str(self.model or ""),
            "assignee": "me" if self.mine else "",
            "label": NONE if self.unlabelled else "",
            "since": self.since,
            "sort": self.sort if self.sort != "began" else "",
            "order": "" if self.descending else "up",
            "page": str(self.page) if self.page > 1 else "",
        }


def filters_from(query: Mapping[str, str]) -> AlarmFilters:
    """The view that a URL's query asks for; what it asks for in vain is left out."""
    return AlarmFilters(
        status=_one_of(query, "status", (*STATUSES, ALL), "open"),
        kind=_one_of(query, "kind", KINDS, ""),
        search=query.get("search", "")[:_MOST_LETTERS],
        model=_number(query, "model"),
        mine=query.get("assignee") == "me",
        unlabelled=query.get("label") == NONE,
        since=_one_of(query, "since", SINCE_MS, ""),
        sort=_one_of(query, "sort", SORTS, "began"),
        descending=query.get("order") != "up",
        page=_number(query, "page") or 1,
    )


def _one_of(query: Mapping[str, str], name: str, known: Any, otherwise: str) -> str:
    return query[name] if query.get(name) in known else otherwise


def _number(query: Mapping[str, str], name: str) -> int | None:
    """A positive number that every database can hold."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None
