"""The recipe of each net of a study: one base recipe, changed row by row and seed by seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import ROBUST, STANDARD
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import (
    ADVERSARIAL,
    DECORRELATED,
    EXIT_ROWS,
    EXITS_ADVERSARIAL,
    EXITS_ALONE,
    ON_THE_FLY,
    UNDEFENDED,
    Size,
    Subject,
)
from edgeguard.lab.papers.early_exit_ensembles import paper as early_exit
from edgeguard.lab.papers.early_exit_ensembles.recipes import Nets as EarlyExitNets
from edgeguard.lab.recipe import DefenseTable, Recipe, load_recipe
from edgeguard.lab.run import run_name

# the nets that the early-exit paper has too: its runs are used again
_SAME: Final = {
    UNDEFENDED: early_exit.UNDEFENDED,
    EXITS_ALONE: "ours",
    ADVERSARIAL: "pgd-at",
    EXITS_ADVERSARIAL: "ours-pgd-avg-at",
}
DECORRELATED_SHARE: Final = 0.5  # of ε: the radius within which the margins of its exits should hold
_STEPS: Final = 10  # of the attack in adversarial training


class Nets(Protocol):
    """All nets of one study."""

    @property
    def base(self) -> Recipe:
        """The recipe that all share; its evaluation table says how they are measured."""
        ...

    def recipe(self, row: str, seed: int) -> Recipe:
        """The recipe of one net."""
        ...

    def folder(self, row: str, seed: int) -> str:
        """The name of its run's folder."""
        ...


def nets_of(subject: Subject, size: Size, assignments: tuple[str, ...], suffix: str, runs: Path) -> Nets:
    """The nets of a study at one scale; `suffix` of the runs' names, so that another scale's runs are others."""
    if set(subject.rows) <= set(EXIT_ROWS):
        return ExitNets(subject, size, assignments, suffix)
    return PaperNets(subject, size, assignments, suffix, runs)


@dataclass(frozen=True)
class PaperNets:
    """The paper's nets: standard, robust by merging, and robust by attacks on each batch.

    The merged examples are made against the standard net of the same seed, in its folder in `runs`.
    """

    subject: Subject
    size: Size
    assignments: tuple[str, ...]
    suffix: str
    runs: Path

    @cached_property
    def base(self) -> Recipe:
        """The released recipe with what is changed for every net; ConfigError where it has a defense."""
        return _undefended(load_recipe(self.subject.source, (*self.size.changes, *self.assignments)))

    def recipe(self, row: str, seed: int) -> Recipe:
        """The base recipe with the row's defense; how the study measures is no part of it."""
        defense = DefenseTable(**self._defense(row, seed))
        cap = self.size.attacked_epochs if row == ON_THE_FLY else self.size.epochs
        return _changed(self.base, f"{self.base.name}{self.suffix}{_end(row)}", seed, defense, cap, self.subject.source)

    def folder(self, row: str, seed: int) -> str:
        """The recipe's name and the seed; the standard net's is the one that ``edgeguard train`` makes."""
        recipe = self.recipe(row, seed)
        return run_name(recipe) if row == STANDARD else f"{recipe.name}-{seed}"

    def _defense(self, row: str, seed: int) -> dict[str, Any]:
        if row == STANDARD:
            return {"name": "standard"}
        attack = {"epsilon": self.subject.radius, "attack": "pgd", "attack_options": {"steps": _STEPS}}
        if row == ROBUST:
            return {"name": "merged", "options": {**attack, "run": str(self.runs / self.folder(STANDARD, seed))}}
        bounds = {} if self.subject.bounds is None else {"bounds": list(self.subject.bounds)}
        return {"name": "adversarial", "options": {**attack, **bounds}}


@dataclass(frozen=True)
class ExitNets:
    """A network with and without exits, attacked in training or not: the early-exit paper's nets and one more."""

    subject: Subject
    size: Size
    assignments: tuple[str, ...]
    suffix: str

    @property
    def base(self) -> Recipe:
        """As the early-exit paper has it; ConfigError where it has a defense."""
        return self._early_exit.base

    def recipe(self, row: str, seed: int) -> Recipe:
        """As the early-exit paper has it; the decorrelated net is its ensemble with that defense."""
        if row in _SAME:
            return self._early_exit.recipe(_SAME[row], seed, self.subject.radius)
        ensemble = self._early_exit.recipe(_SAME[EXITS_ALONE], seed)
        name = f"{ensemble.name}-{DECORRELATED.partition('-')[2]}"
        options = {"epsilon": DECORRELATED_SHARE * self.subject.radius}
        return msgspec.structs.replace(ensemble, name=name, defense=DefenseTable(name="decorrelated", options=options))

    def folder(self, row: str, seed: int) -> str:
        """That of the early-exit paper's reproduction, so that nets trained there are not trained again."""
        recipe = self.recipe(row, seed)
        return self._early_exit.folder(_SAME[row], recipe) if row in _SAME else f"{recipe.name}-{seed}"

    @cached_property
    def _early_exit(self) -> EarlyExitNets:
        scale = early_exit.Scale(epochs=self.size.epochs, attacked_epochs=self.size.attacked_epochs)
        return EarlyExitNets(self.subject.source, (*self.size.changes, *self.assignments), scale, self.suffix)


def _changed(base: Recipe, name: str, seed: int, defense: DefenseTable, cap: int | None, source: str) -> Recipe:
    training = msgspec.structs.replace(base.training, epochs=min(base.training.epochs, cap or base.training.epochs))
    evaluation = load_recipe(source).evaluation
    return msgspec.structs.replace(
        base, name=name, seed=seed, defense=defense, training=training, evaluation=evaluation
    )


def _undefended(recipe: Recipe) -> Recipe:
    if (name := recipe.defense.name) != "standard":
        raise ConfigError(
            f"{recipe.name} trains with defense.name {name!r}, but this study chooses the defense of each net: "
            "give a recipe with defense.name = 'standard'"
        )
    return recipe


def _end(row: str) -> str:
    return "" if row == STANDARD else f"-{row}"
