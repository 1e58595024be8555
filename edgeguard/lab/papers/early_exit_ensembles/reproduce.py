"""An order for this paper carried out, written down and put into tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from edgeguard import files
from edgeguard.exits.threshold import require_windows
from edgeguard.lab.accelerator import accelerator_name
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.papers.early_exit_ensembles.asked import Asked
from edgeguard.lab.papers.early_exit_ensembles.cost import PAPER_NETWORKS, Network, exit_cost
from edgeguard.lab.papers.early_exit_ensembles.paper import PGD, ROWS, UPPER_COST
from edgeguard.lab.papers.early_exit_ensembles.plan import Plan
from edgeguard.lab.papers.early_exit_ensembles.study import Study
from edgeguard.lab.papers.early_exit_ensembles.tables import cost_table, curves, over_epsilon, side_by_side
from edgeguard.lab.papers.progress import Standing
from edgeguard.lab.papers.reproduction import Order, Reproduced
from edgeguard.lab.papers.table import Table
from edgeguard.lab.plots import Curve, epsilon_curves
from edgeguard.lab.recipe import Recipe, load_recipe
from edgeguard.lab.run import dataset_from_recipe, split_from_recipe
from edgeguard.record import write_result

_LIBRARIES: Final = ("torch", "numpy", "lightning-fabric")


def reproduce(order: Order, tell: Callable[[Standing], None]) -> Reproduced:
    """Tables I and II and the cost of exits, ours beside the paper's; ConfigError where the order makes no sense.

    Writes ``early-exit-ensembles.json``, its ε curve and ``exit-cost.json``; their names end in the recipe's where the
    order names one, and in the scale where it is not full.
    """
    asked = Asked(order)
    plans = asked.plans()
    tables: list[Table] = []
    written: list[Path] = []
    if plans:
        studies = _studies(plans, order.data, tell)
        tables += [side_by_side(study, key) for study in studies.values() for key in asked.tables]
        tables += [table for study in studies.values() for table in curves(study)]
        written += _written(asked, plans, studies)
    if asked.cost:
        figures = [exit_cost(network, asked.scale.cost_turns) for network in _networks(order)]
        tables += [cost_table(figure) for figure in figures]
        content = {"networks": figures, "paper": UPPER_COST}
        name = f"exit-cost{_own_name(order)}"
        written.append(write_result(name, content, libraries=("torch", "onnxruntime"), folder=order.results))
    return Reproduced(tuple(tables), tuple(written))


def _studies(plans: Sequence[Plan], data: Path, tell: Callable[[Standing], None]) -> dict[str, dict[str, Any]]:
    """The figures of each plan, by the name of its recipe."""
    pairs = [(plan, _dataset(plan.nets.base, data)) for plan in plans]  # what is wrong with one shows at once
    return {plan.nets.base.name: Study(plan, dataset, tell).figures() for plan, dataset in pairs}


def _dataset(recipe: Recipe, data: Path) -> Dataset:
    """The recipe's, where it is there and large enough for the promised false-alarm rate."""
    dataset = dataset_from_recipe(recipe.data, data)
    require_windows(len(split_from_recipe(recipe, dataset).validation), recipe.calibration.false_alarm_rate)
    return dataset


def _written(asked: Asked, plans: Sequence[Plan], studies: Mapping[str, dict[str, Any]]) -> list[Path]:
    order, suffix = asked.order, "" if asked.scale_name == "full" else f"-{asked.scale_name}"
    subject = f"early-exit-ensembles{_own_name(order)}{suffix}"
    result = write_result(
        subject,
        studies,
        libraries=_LIBRARIES,
        scale=" / ".join(dict.fromkeys(plan.scale_text for plan in plans)),
        seeds=asked.seeds,
        accelerator=accelerator_name(order.device),
        folder=order.results,
    )
    drawn = {name: _drawing(study) for name, study in studies.items()}
    paths = {order.results / f"early-exit-curve-{name}{suffix}.svg": svg for name, svg in drawn.items() if svg}
    for path, svg in paths.items():
        files.write_text(path, svg)
    return [result, *paths]


def _drawing(study: Mapping[str, Any]) -> str | None:
    """F1 under PGD over ε as SVG; None where PGD was not asked for."""
    shown = [(row, over_epsilon(row, PGD)) for row in study["rows"]]
    drawn = [
        Curve(
            row["title"],
            [f1["ours"]["mean"] for _, f1 in points],
            [f1["ours"]["std"] for _, f1 in points],
            ROWS[row["row"]].exits,
        )
        for row, points in shown
        if len(points) > 1
    ]
    return epsilon_curves([0.0, *study["epsilons"]], drawn, study["epsilon"], study["units"]) if drawn else None


def _networks(order: Order) -> Sequence[Network]:
    """What the cost is measured of: never narrowed, since it needs no training."""
    if order.recipe is None:
        return PAPER_NETWORKS
    recipe = load_recipe(order.recipe, order.assignments)
    dataset = dataset_from_recipe(recipe.data, order.data)
    return [Network(recipe.name, recipe.net, dataset.signal, len(dataset.classes))]


def _own_name(order: Order) -> str:
    """What tells the files of another recipe from the paper's."""
    return f"-{load_recipe(order.recipe, order.assignments).name}" if order.recipe else ""
