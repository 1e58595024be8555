"""What the paper's figures show, in numbers, from a results file; the standard library alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from edgeguard.lab.papers.adversarial_training_hurts_fairness.answer import subject_line
from edgeguard.lab.papers.adversarial_training_hurts_fairness.groups import by_group, mean_cell
from edgeguard.lab.papers.adversarial_training_hurts_fairness.measures import eou
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import FIGURES
from edgeguard.lab.papers.adversarial_training_hurts_fairness.tables import long_table
from edgeguard.lab.papers.table import Table

Study = Mapping[str, Any]

ATTRIBUTES: Final = {"5": "sex", "6": "race"}


def figure_table(study: Study, figure: str) -> Table:
    """What one of the paper's figures shows, in numbers."""
    if figure in {"5", "6"}:
        return eou_table(study, ATTRIBUTES[figure], FIGURES[figure].title)
    return class_table(study, figure, FIGURES[figure].title)


def eou_table(study: Study, attribute: str, figure_title: str) -> Table:
    """Fig. 5 or 6 as a table: EOU on each true class."""
    names = [eou(attribute, truth) for truth in study["classes"]]
    shown = long_table(study, "4", names, dict.fromkeys(names, 3), 1.0, ())
    title = f"{figure_title}, {subject_line(study)}"
    note = (
        "The paper's is the largest difference in its Table V."
        if attribute == "race"
        else "The paper's lie in a drawing."
    )
    return Table(title, shown.header, shown.rows, (*shown.notes, note))


def class_table(study: Study, figure: str, title: str) -> Table:
    """Fig. 1 to 4 as a table: a line for each net (and ε), a column for each class."""
    found = list(bar_values(study, figure))
    names = [name for name in study["classes"] if any(name in values for _, values, _ in found)]
    rows = [(bar, *(mean_cell(values.get(name), decimals) for name in names)) for bar, values, decimals in found]
    return Table(f"{title}, {subject_line(study)}", ("net", *names), tuple(rows))


def bar_values(study: Study, figure: str) -> Iterable[tuple[str, dict[str, list[float]], int]]:
    """Of Fig. 1 to 4: title of each bar, its values over seeds by class, and decimals."""
    for row in study["rows"]:
        if figure == "1":
            yield row["title"], by_group(row, lambda net: net["clean"]["class_gap"]), 3
        elif figure == "2":
            yield row["title"], by_group(row, lambda net: net["least"]), 4
        else:
            for number, epsilon in enumerate(study["epsilons"]):
                found = by_group(row, partial(_success_gap, number))
                yield f"{row['title']}, ε = {epsilon:g}", found, 3


def _success_gap(number: int, net: Mapping[str, Any]) -> Mapping[str, Any]:
    gap: Mapping[str, Any] = net["success"][number]["class_gap"]
    return gap
