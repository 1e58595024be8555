"""Tables of the paper on adversarial training and fairness, from its results file; the standard library alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from edgeguard.lab.papers.adversarial_training_hurts_fairness.answer import answer_tables
from edgeguard.lab.papers.adversarial_training_hurts_fairness.figure_tables import figure_table
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import FIGURES, TABLES
from edgeguard.lab.papers.adversarial_training_hurts_fairness.tables import paper_table
from edgeguard.lab.papers.table import Table

EXITS: Final = "exits"
_PARTS: Final = {"table": TABLES, "figure": FIGURES}
_WHOLE: Final = {f"{kind}-{key}": part for kind, parts in _PARTS.items() for key, part in parts.items()}
NAMES: Final = (*_WHOLE, *(f"{name}-{study}" for name, part in _WHOLE.items() for study in part.studies))


def shown(figures: Mapping[str, Any], name: str) -> Iterator[Table]:
    """One of `NAMES`, for every study of it that the file holds, or for the one that the name ends in."""
    kind, key, *_ = name.split("-")
    for study in _studies(figures, name):
        if key == EXITS:
            yield from answer_tables(study)
        else:
            yield paper_table(study, key) if kind == "table" else figure_table(study, key)


def scope(figures: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Scale and seeds of the studies that `shown` shows, of the many in the file."""
    studies = _studies(figures, name)
    scales = [study["scale"] if len(studies) == 1 else f"{study['title']} {study['scale']}" for study in studies]
    return {"scale": " / ".join(scales), "seeds": sorted({seed for study in studies for seed in study["seeds"]})}


def _studies(figures: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    kind, key, *only = name.split("-")
    return [figures[study] for study in only or _PARTS[kind][key].studies if study in figures]
