"""The table of the fleet's faults, from fleet-faults.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from benchmarks.markdown import markdown, number

_RUNS: Final = {"broker_stopped": "broker stopped by SIGTERM", "broker_killed": "broker killed by SIGKILL"}
_ROWS: Final[Sequence[tuple[str, Callable[[dict[str, Any]], Any]]]] = (
    ("faults", lambda run: "; ".join(f"{count} × {kind}" for kind, count in run["faults"].items())),
    ("messages/s from the devices", lambda run: f"{run['rate_hz']:g}"),
    ("messages sent", lambda run: number(run["messages"]["sent"])),
    ("rows", lambda run: number(run["messages"]["rows"])),
    ("lost", lambda run: number(run["messages"]["lost"])),
    ("two rows for one message", lambda run: run["messages"]["doubled"]),
    ("missing numbers that the ledger shows", lambda run: number(run["messages"]["gaps_in_the_ledger"])),
    ("lost without the ledger's knowledge", lambda run: run["messages"]["lost_and_not_in_the_ledger"]),
    ("set aside", lambda run: run["messages"]["set_aside"]),
    ("workers that ended by themselves", lambda run: run["workers"]["revivals"]),
    ("seconds until the last row", lambda run: f"{run['seconds']:.0f}"),
)


def fleet_faults(figures: dict[str, Any]) -> Iterable[str]:
    """What became of every message under faults, in both runs."""
    rows = [[title, *(str(cell(figures[run])) for run in _RUNS)] for title, cell in _ROWS]
    return markdown([f"{figures['workers']} workers, {figures['devices']} devices", *_RUNS.values()], rows)
