"""Tables of the frontier of clean against robust F1, from frontier-*.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from benchmarks.markdown import markdown

_ATTACKS: Final = {
    "pgd": "PGD",
    "pgd_avg": "PGD-AVG",
    "pgd_max": "PGD-MAX",
    "apgd_ce": "APGD",
    "pgd_margin": "margin",
    "square": "Square",
    "transfer": "transfer",
    "quiet": "quiet",
}


def frontier(figures: dict[str, Any]) -> Iterable[str]:
    """F1 of every way of training, clean and under each attack, and how much stronger than PGD another attack is."""
    rows = [
        [row["title"], _spread(row["clean"]), *(_spread(row["attacks"].get(name)) for name in _ATTACKS), _masked(row)]
        for row in figures["rows"]
    ]
    header = [f"F1, ε = {figures['epsilon']:g}", "clean", *_ATTACKS.values(), "stronger than PGD by"]
    return markdown(header, rows)


def frontier_curve(figures: dict[str, Any]) -> Iterable[str]:
    """F1 under PGD on the last exit at every radius measured."""
    radii = {**{float(radius): radius for radius in figures["rows"][0]["curve"]}, figures["epsilon"]: None}
    rows = [
        [
            row["title"],
            *(_spread(row["curve"][key] if key else row["attacks"]["pgd"]) for _, key in sorted(radii.items())),
        ]
        for row in figures["rows"]
    ]
    return markdown(["F1 under PGD", *(f"ε = {radius:g}" for radius in sorted(radii))], rows)


def _spread(value: dict[str, Any] | None) -> str:
    return "–" if value is None else f"{value['mean']:.3f} ± {value['std']:.3f}"


def _masked(row: dict[str, Any]) -> str:
    other = row["strongest_other"]
    return f"{row['stronger_by']:+.3f} ({_ATTACKS[other]})" if other else "–"
