"""The tables of the detectors, from detection-<recipe>.json, and of the search of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from benchmarks.markdown import markdown
from edgeguard.lab.detection.tables import (
    auroc_table,
    clean_table,
    found_table,
    harm_table,
    wait_table,
)
from edgeguard.lab.papers.table import Table

Figures = dict[str, Any]
Body = Callable[[Figures], Iterable[str]]

# runs of benchmarks.frontier, and the ε that they are attacked within
RECIPES: Final = {
    "ecg5000-fcnet-apart-0.22": (0.2, 0.4),
    "ecg5000-fcnet-exits": (0.2,),
    "mitbih-fcnet-apart-0.15": (0.3,),
    "eeg-vgg16-exits": (1.2,),
    "eeg-vgg16-apart-1.2": (2.4,),
}
SHOWN: Final = 10  # weights


def on_clean(study: Figures) -> Iterable[str]:
    """False alarms of each detector."""
    return _described([clean_table(study)])


def found(study: Figures) -> Iterable[str]:
    """What each finds of attacked windows at each rate, and of those that do harm."""
    every = [[*(found_table(study, r, rate) for rate in study["rates"]), harm_table(study, r)] for r in _radii(study)]
    return _described([shown for tables in every for shown in tables])


def areas(study: Figures) -> Iterable[str]:
    """AUROC of each detector under each attack."""
    return _described([auroc_table(study, radius) for radius in _radii(study)])


def in_streams(study: Figures) -> Iterable[str]:
    """Windows until an alarm of either kind."""
    return _described([wait_table(study, radius, kind) for radius in _radii(study) for kind in ("window", "drift")])


def weights(study: Figures) -> Iterable[str]:
    """The best weights of `combined` on development windows, with every single score below them."""
    ranked = list(enumerate(study["weights"], 1))
    shown = [(rank, row) for rank, row in ranked if rank <= SHOWN or max(row["weights"].values()) == 1]
    header = ["rank", *(name.replace("_", " ") for name in ranked[0][1]["weights"]), "found", "of harm", "AUROC"]
    return markdown(
        header,
        [
            [
                str(rank),
                *(f"{weight:.2f}" for weight in row["weights"].values()),
                f"{100 * row['found']:.1f} %",
                "–" if row["found_harmful"] is None else f"{100 * row['found_harmful']:.1f} %",
                f"{row['auroc']:.3f}",
            ]
            for rank, row in shown
        ],
    )


def tables_of(recipe: str) -> dict[str, tuple[str, Body]]:
    """Every table of a recipe's results, by name: what `benchmarks.tables` renders."""
    bodies = {"clean": on_clean, "found": found, "auroc": areas, "streams": in_streams}
    subject = f"detection-{recipe}"
    return {
        **{f"detection-{kind}-{recipe}": (subject, body) for kind, body in bodies.items()},
        f"detection-weights-{recipe}": (f"{subject}-development", weights),
    }


def writers_of(recipe: str) -> dict[str, str]:
    """The command that writes each results file of a recipe."""
    radii = " ".join(f"--epsilon {radius:g}" for radius in RECIPES[recipe])
    command = f"python -m benchmarks.detection --recipe {recipe} --runs runs/frontier {radii}"
    return {f"detection-{recipe}": command, f"detection-{recipe}-development": f"{command} --part development"}


TABLES: Final = {name: entry for recipe in RECIPES for name, entry in tables_of(recipe).items()}
WRITERS: Final = {subject: command for recipe in RECIPES for subject, command in writers_of(recipe).items()}


def _radii(study: Figures) -> list[str]:
    return list(study["mean"]["radii"])


def _described(tables: Iterable[Table]) -> Iterable[str]:
    """Each table with its title above and its notes below."""
    for place, shown in enumerate(tables):
        yield from [""] * (place > 0)
        yield from (f"**{shown.title}**", "", *markdown(shown.header, shown.rows))
        yield from (line for note in shown.notes for line in ("", note))
