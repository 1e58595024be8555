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
NAMES: Final = (*(f"table-{key}" for key in TABLES), *(f"figure-{key}" for key in FIGURES))


def shown(figures: Mapping[str, Any], name: str) -> Iterator[Table]:
    """One of `NAMES`, for every study of it that the file holds."""
    kind, _, key = name.partition("-")
    part = {"table": TABLES, "figure": FIGURES}[kind][key]
    for study in (figures[study] for study in part.studies if study in figures):
        if key == EXITS:
            yield from answer_tables(study)
        else:
            yield paper_table(study, key) if kind == "table" else figure_table(study, key)
