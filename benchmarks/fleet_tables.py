"""Tables of the fleet server: fleet-ingest.json and fleet-pages.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from benchmarks.markdown import markdown, number, percent

_CASES: Final = {
    "bare": "bare paho subscriber that only counts",
    "postgresql_1": "1 worker into PostgreSQL",
    "postgresql_2": "2 workers into PostgreSQL",
    "sqlite_1": "1 worker into SQLite",
    "sqlite_2": "2 workers into SQLite",
    "unknown_devices": "1 worker, 100 000 unknown device ids, set aside",
}


def fleet_ingest(figures: dict[str, Any]) -> Iterable[str]:
    """Messages a second of each case, beside the bare subscriber."""
    bare = figures["cases"]["bare"]["messages_per_s"]
    rows = []
    for name, words in _CASES.items():
        case = figures["cases"][name]
        rate = case["messages_per_s"]
        rows.append([words, number(round(rate)), percent(rate / bare), number(round(case["processor_us_per_message"]))])
    aim = figures["aim"]["of_bare_into_postgresql"]
    header = [
        "from the broker to committed rows",
        "messages/s",
        f"of bare (aim: {percent(aim)})",
        "processor µs/message",
    ]
    return markdown(header, rows)


def fleet_api(figures: dict[str, Any]) -> Iterable[str]:
    """Answers of the API."""
    rows = [[name, *(number(row[key]) for key in ("p50_ms", "p95_ms"))] for name, row in figures["api"].items()]
    aim = figures["aim"]["api_p95_ms"]
    return markdown(["request", "median, ms", f"95th percentile, ms (aim: {aim})"], rows)


def fleet_pages(figures: dict[str, Any]) -> Iterable[str]:
    """Until a page can be used, in Chromium."""
    keys = ("first_ms", "p50_ms", "p95_ms")
    rows = [[name, *(number(row[key]) for key in keys)] for name, row in figures["pages"].items()]
    aim = figures["aim"]["page_interactive_ms"]
    return markdown(["page", "first visit, ms", f"median, ms (aim: {aim})", "95th percentile, ms"], rows)
