"""One self-contained HTML page about an evaluated run."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from edgeguard import __version__
from edgeguard.exits.disagreement import SCORES, in_words
from edgeguard.lab import plots
from edgeguard.lab.evaluation import Attacked, Evaluation
from edgeguard.lab.figure_tables import figure_tables
from edgeguard.lab.page import html_page
from edgeguard.lab.recipe import EvaluationTable, Recipe
from edgeguard.signals.spec import InputSpec

TITLES: Final = {
    "robust_curve": "F1 under PGD over epsilon",
    "reliability": "Reliability diagram",
    "histograms": "Disagreement of clean and attacked windows",
    "roc": "ROC of the disagreement score",
}


def render_report(
    evaluation: Evaluation,
    recipe: Recipe,
    signal: InputSpec,
    classes: tuple[str, ...],
    beside: Mapping[str, Any] | None = None,
) -> str:
    """The page as HTML that needs no other file; `beside` holds the figures of a run to draw in the robust curve."""
    shown = most_telling(evaluation)
    drawn = {
        "robust_curve": plots.robust_curve(evaluation.figures, beside, _radius_axis(recipe.evaluation, signal)),
        "reliability": plots.reliability_diagram(evaluation, recipe.evaluation.ece_bins),
        "histograms": plots.disagreement_histograms(evaluation, shown),
        "roc": plots.roc_curves(evaluation),
    }
    windows = plots.window_gallery(evaluation, shown, classes, signal)
    if evaluation.figures["exits"] == 1:  # nothing to disagree with
        drawn["histograms"] = drawn["roc"] = ""
    return html_page(
        "report.html.j2",
        figures=evaluation.figures,
        attacks={"pgd": evaluation.figures["pgd"], **evaluation.figures["attacks"]},
        description=recipe.description,
        version=__version__,
        plots={name: _base64(svg) for name, svg in drawn.items()},
        windows={name: _base64(svg) for name, svg in windows.items()},
        titles=TITLES,
        cells=_cells,
        tables=figure_tables(evaluation.figures),
        scores={name: in_words(name) for name in SCORES} if evaluation.figures["exits"] > 1 else {},
        shown_epsilon=shown.label,
        units=signal.input_units,
    )


def most_telling(evaluation: Evaluation) -> Attacked:
    """The attack whose F1 is nearest one half: neither harmless nor hopeless."""
    f1 = [row["ensemble"]["f1"] for row in evaluation.figures["pgd"]]
    return min(zip(f1, evaluation.attacked, strict=True), key=lambda pair: abs(pair[0] - 0.5))[1]


def _radius_axis(table: EvaluationTable, signal: InputSpec) -> str:
    relative = any(isinstance(epsilon, str) for epsilon in table.epsilons)
    return f"ε ({'l∞' if table.norm == 'linf' else 'l2'}, {'share of the RMS' if relative else signal.input_units})"


def _base64(svg: str) -> str:
    return base64.b64encode(svg.encode()).decode()


def _cells(row: Mapping[str, float]) -> Markup:
    cell = Markup("<td>{:.3f}</td>")
    return Markup("").join(cell.format(row[name]) for name in ("f1", "accuracy", "ece", "nll", "brier"))
