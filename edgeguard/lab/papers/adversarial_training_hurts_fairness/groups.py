"""What each class or group has over seeds, from a results file; the standard library alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeguard.lab.papers.beside import beside, spread

Row = Mapping[str, Any]


def by_group(row: Row, gap: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, list[float]]:
    """Each group's figure over seeds, where it is defined."""
    found: dict[str, list[float]] = {}
    for net in row["nets"]:
        for name, group in gap(net)["groups"].items():
            if group["value"] is not None:
                found.setdefault(name, []).append(group["value"])
    return found


def mean_cell(values: Sequence[float] | None, decimals: int) -> str:
    """Mean ± spread over seeds, a dash for none."""
    return spread(beside(values), decimals) if values else "–"
