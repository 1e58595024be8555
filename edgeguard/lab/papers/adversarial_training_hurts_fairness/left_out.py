"""Nets that are each trained without one sample, and as many that differ by their seed alone."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import nn

from edgeguard.lab.data.dataset import Dataset, Split
from edgeguard.lab.defenses import defense_from_recipe, training_part
from edgeguard.lab.leave_one_out import Retraining
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.papers.adversarial_training_hurts_fairness.answers import Answers
from edgeguard.lab.recipe import Recipe
from edgeguard.lab.run import split_from_recipe
from edgeguard.lab.stacked_training import NOTHING, Schedule
from edgeguard.signals.spec import InputSpec

Array = NDArray[Any]

_APART: Final = 1000  # between a study's seed and the other seeds, so that no two studies share one
_JOBS: Final = {"cpu": -1, "cuda": 1}
_TOGETHER: Final = {"cpu": 10, "cuda": 50}
_CONVOLUTIONS: Final = (nn.Conv1d, nn.Conv2d)  # on a CPU slower when stacked than one net after the other


@dataclass(frozen=True)
class LeftOut:
    """Leave-one-out of one net; what is finished is kept beside its answers.

    All nets are trained for all epochs, that on all data too: no validation chooses their weights. A sample leaves with
    its copies and its adversarial example; the other examples stay those that were made against the standard net.
    """

    recipe: Recipe
    dataset: Dataset
    answers: Answers
    device: str

    def confidences(self, count: int) -> tuple[Array, Array, Array]:
        """On the test part: of the net on all data (n, classes), without one sample each, of other seeds (count, …)."""
        found = self.answers.kept.answer("left-out", {"count": count}, lambda: self._trained(count))
        return found[0], found[1 : 1 + count], found[1 + count :]

    def _trained(self, count: int) -> Array:
        retraining, seed = self._retraining(), self.recipe.seed
        left_out = retraining.leave_one_out([NOTHING, *self._drawn(count)], seed)
        others = retraining.other_seeds([seed + _APART * (number + 1) for number in range(count)])
        if retraining.folder:
            shutil.rmtree(retraining.folder, ignore_errors=True)  # the whole is kept
        return np.concatenate([left_out, others])

    def _drawn(self, count: int) -> list[int]:
        """The samples to leave out: of one split always the same."""
        samples = np.unique(self._split.train)
        return sorted(np.random.default_rng(0).choice(samples, count, replace=False).tolist())

    def _retraining(self) -> Retraining:
        table, train = self.recipe.training, self._split.train
        make_net = partial(_net, self.recipe, self.dataset.signal, len(self.dataset.classes))
        net = make_net(self.recipe.seed)
        defense = defense_from_recipe(self.recipe.defense, net.exits)
        x, y = training_part(defense, net, self.dataset.x[train], self.dataset.y[train])
        kind = "cuda" if self.device.startswith("cuda") else "cpu"
        return Retraining(
            make_net=make_net,
            x=x,
            y=y,
            test=self.dataset.x[self.answers.test],
            schedule=Schedule(table.epochs, table.batch_size, table.learning_rate),
            samples=np.tile(train, len(y) // len(train)),
            jobs=_JOBS[kind],
            together=1 if kind == "cpu" and _convolves(net) else _TOGETHER[kind],
            device=self.device,
            folder=self.answers.kept.folder / "left-out",
        )

    @property
    def _split(self) -> Split:
        return split_from_recipe(self.recipe, self.dataset)


def _convolves(net: Net) -> bool:
    return any(isinstance(module, _CONVOLUTIONS) for module in net.modules())


def _net(recipe: Recipe, signal: InputSpec, classes: int, seed: int) -> Net:
    return net_from_recipe(recipe.net, signal, classes, seed)
