"""The recipe of each net of the paper: one base recipe, changed row by row and seed by seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.early_exit_ensembles.paper import COLUMNS, ROWS, TRAINING_STEPS, Column, Scale
from edgeguard.lab.recipe import Recipe, load_recipe
from edgeguard.lab.run import run_name


@dataclass(frozen=True)
class Nets:
    """All nets of one study.

    Attributes:
        source: Released name or path of the base recipe.
        assignments: Changes to it for every net.
        scale: Caps the epochs.
        suffix: Of the runs' names, so that another scale's runs are others.
    """

    source: str
    assignments: tuple[str, ...]
    scale: Scale
    suffix: str = ""

    def __post_init__(self) -> None:
        if (name := self.base.defense.name) != "standard":
            raise ConfigError(
                f"{self.source} trains with defense.name {name!r}, but this study chooses the defense of each net: "
                "give a recipe with defense.name = 'standard'"
            )
        if len(self.epsilons) < len(set(self.base.evaluation.epsilons)):
            raise ConfigError(f"{self.source}: this study needs evaluation.epsilons that are numbers, not lists or dB")

        if self.base.evaluation.norm != "linf" or self.base.evaluation.bounds is not None:
            raise ConfigError(
                f"{self.source}: this study is made in linf balls without bounds: leave norm and bounds out"
            )

    @cached_property
    def base(self) -> Recipe:
        """The recipe that all nets share; its evaluation table says how the study measures."""
        return load_recipe(self.source, self.assignments)

    @cached_property
    def epsilons(self) -> tuple[float, ...]:
        """The grid of radii, in order."""
        return tuple(sorted({epsilon for epsilon in self.base.evaluation.epsilons if isinstance(epsilon, float)}))

    def recipe(self, row: str, seed: int, epsilon: float | None = None) -> Recipe:
        """The recipe of one net; those trained against an attack need ε.

        How the study measures is no part of it: at full scale, nets trained on clean windows are those of
        ``edgeguard train``.
        """
        name, against = self.base.name + self.suffix, ROWS[row].against
        changes = [f"seed={seed}", f"net.exits={str(ROWS[row].exits).lower()}"]
        cap = self.scale.epochs
        if against is not None:
            name, cap = f"{name}-{row}-{epsilon:g}", self.scale.attacked_epochs
            changes += _adversarial(COLUMNS[against], training_steps(self.base), epsilon)
        epochs = min(self.base.training.epochs, cap or self.base.training.epochs)
        changes += [f'name="{name}"', f"training.epochs={epochs}"]
        recipe = load_recipe(self.source, [*self.assignments, *changes])
        return msgspec.structs.replace(recipe, evaluation=load_recipe(self.source).evaluation)

    def folder(self, row: str, recipe: Recipe) -> str:
        """The name of its run's folder."""
        return run_name(recipe) if ROWS[row].against is None else f"{recipe.name}-{recipe.seed}"


def training_steps(base: Recipe) -> int:
    """Steps of the attack in adversarial training: the paper's, or the evaluation's where those are fewer."""
    return min(TRAINING_STEPS, base.evaluation.steps)


def options_of(column: Column, steps: int) -> dict[str, Any]:
    """The attack's options, with the number of steps where it takes them."""
    return {**column.options, **({"steps": steps} if column.stepped else {})}


def _adversarial(column: Column, steps: int, epsilon: float | None) -> list[str]:
    return [
        "defense.name=adversarial",
        f"defense.options.attack={column.attack}",
        f"defense.options.epsilon={epsilon!r}",
        f"defense.options.attack_options.steps={steps}",
    ]
