"""Several runs of one recipe, which differ by their seed, as one study of detectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgeguard.errors import ConfigError
from edgeguard.lab.accelerator import fabric_on
from edgeguard.lab.attacking import attacks_at
from edgeguard.lab.data.dataset import Split
from edgeguard.lab.detection.attacked_sets import NAIVE
from edgeguard.lab.detection.measuring import Asked, Listener, measure
from edgeguard.lab.detection.over_seeds import over_seeds
from edgeguard.lab.detection.parts import Parts
from edgeguard.lab.detection.streams import windows_per_day
from edgeguard.lab.recipe import Recipe, evaluated_as
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.signals.inputs import require_signal

Figures = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """What is asked of the runs.

    Attributes:
        asked: Detectors and false-alarm rates.
        assignments: ``evaluation.key=value``, on top of the recipe's.
        attacks: By name; all naive ones that need no options where none is given. The recipe's own come on top.
        data: Where data sets lie.
        device: cpu, cuda, mps or auto.
        parts: Which windows of a split serve for what.
    """

    asked: Asked
    assignments: Sequence[str]
    attacks: Sequence[str]
    data: Path
    device: str
    parts: Callable[[Split, int], Parts]


def study(runs: Sequence[Run], order: Order, listener: Listener | None = None) -> Figures:
    """Figures of every run, and their mean and spread.

    Raises:
        ConfigError: the runs are not seeds of one recipe, or something that is asked for does not exist.
        DataError: the data are not those of the runs.
    """
    recipes = [evaluated_as(run.recipe(), order.assignments, order.attacks or NAIVE) for run in runs]
    recipes = [_with_one_radius(recipe, order.assignments) for recipe in recipes]
    _require_seeds_of_one_recipe(runs, recipes)
    require_signal(runs[0].facts().signal, "edgeguard detect measures")
    for epsilon in recipes[0].evaluation.epsilons:
        attacks_at(recipes[0].evaluation, epsilon)  # a wrong name or option shows before anything is measured
    measured = [_measured(run, recipe, order, listener) for run, recipe in zip(runs, recipes, strict=True)]
    facts, recipe = runs[0].facts(), recipes[0]
    windows, basis = windows_per_day(require_signal(facts.signal, "edgeguard detect measures"))
    mean = over_seeds([{key: row[key] for key in ("windows", "clean", "radii")} for row in measured])
    return {
        "recipe": recipe.name,
        "seeds": [row["seed"] for row in measured],
        "units": facts.signal.input_units,
        "evaluation": msgspec.to_builtins(recipe.evaluation),
        "rates": [f"{rate:g}" for rate in order.asked.rates],
        "windows_per_day": {"windows": windows, "basis": basis},
        "detectors": list(measured[0]["clean"]),  # in order, which a JSON file with sorted keys forgets
        "attacks": list(next(iter(measured[0]["radii"].values()))),
        "left_out": measured[0]["left_out"],
        "runs": measured,
        "mean": mean,
    }


def _measured(run: Run, recipe: Recipe, order: Order, listener: Listener | None) -> Figures:
    dataset = dataset_from_recipe(recipe.data, order.data)
    run.require_same_data(dataset)
    parts = order.parts(split_from_recipe(recipe, dataset), recipe.seed)
    return measure(run.net().to(fabric_on(order.device).device), recipe, dataset, parts, order.asked, listener)


def _with_one_radius(recipe: Recipe, assignments: Sequence[str]) -> Recipe:
    """The middle one of the recipe's radii, where none is asked for: every attack at all of them takes hours."""
    if any(one.strip().startswith("evaluation.epsilons") for one in assignments):
        return recipe
    radii = recipe.evaluation.epsilons
    table = msgspec.structs.replace(recipe.evaluation, epsilons=radii[len(radii) // 2 :][:1])
    return msgspec.structs.replace(recipe, evaluation=table)


def _require_seeds_of_one_recipe(runs: Sequence[Run], recipes: Sequence[Recipe]) -> None:
    first, *others = [msgspec.structs.replace(recipe, seed=0) for recipe in recipes]
    classes = runs[0].facts().classes
    for run, other in zip(runs[1:], others, strict=True):
        if run.facts().classes != classes:
            raise ConfigError(f"{runs[0].folder} and {run.folder} know other classes: give seeds of one recipe")
        if other != first:
            raise ConfigError(f"{runs[0].folder} and {run.folder} are of different recipes: give seeds of one recipe")
    if len({recipe.seed for recipe in recipes}) < len(recipes):
        raise ConfigError("two of the runs have the same seed: give each seed once")
