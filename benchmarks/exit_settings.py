"""The settings of exit_gain: one thing changed at a time against the paper's recipe on an FCNet of 32 filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Windows = NDArray[np.float32]

EPSILONS: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5)
_OF_EXITS_ALONE: Final = ("defense.options.alpha=", "net.gamma=", "net.detached=", "net.placement=")


@dataclass(frozen=True)
class Setting:
    """What is changed.

    Attributes:
        training: Assignments to the recipe.
        attack: Options of PGD.
        scaling: Of the windows, by name; none where it is empty.
        epsilons: In the unit of the scaled windows.
        bounds: That the attack keeps to.
    """

    training: tuple[str, ...] = ("net.options.filters=32",)
    attack: dict[str, Any] = field(default_factory=dict)
    scaling: str = ""
    epsilons: tuple[float, ...] = EPSILONS
    bounds: tuple[float, float] | None = None

    def trained_with(self, *, exits: bool) -> tuple[str, ...]:
        """The assignments that concern the net with exits, or its undefended twin."""
        return self.training if exits else tuple(a for a in self.training if not a.startswith(_OF_EXITS_ALONE))

    def run_name(self, seed: int, *, exits: bool) -> str:
        """The folder of one net: settings that train the same net share it."""
        pairs = [assignment.split("=") for assignment in self.trained_with(exits=exits)]
        changes = [f"{key.rpartition('.')[2]}{''.join(value.split())}" for key, value in pairs]
        scaling = [self.scaling] if self.scaling else []
        return "-".join([*changes, *scaling, "exits" if exits else "undefended", str(seed)])

    def attack_name(self) -> str:
        """The file of one attack on one net: settings that attack alike share it."""
        bounds = [f"within{self.bounds[0]:g}to{self.bounds[1]:g}"] if self.bounds else []
        return "-".join(["pgd", *(f"{key}{value}" for key, value in self.attack.items()), *bounds])


def _also(*assignments: str) -> Setting:
    return Setting(training=("net.options.filters=32", *assignments))


def _behind(filters: str) -> Setting:
    """Semantic placement: an exit where the next block has another number of filters, which one more is enough for."""
    return Setting(training=(f"net.options.filters={filters}", "net.placement=semantic"))


_UNIT_RANGE: Final = tuple(round(epsilon / 5, 3) for epsilon in EPSILONS)  # a z-scored beat spans about 5

SETTINGS: Final[dict[str, Setting]] = {
    "the paper's, 32 filters": Setting(),
    "early heads detached": _also("net.detached=true"),
    "exits behind blocks 1, 2, 3 and the net's own": _behind("[32, 33, 32, 33]"),
    "an exit behind block 1 and the net's own": _behind("[32, 33, 33, 33]"),
    "γ = 1": _also("net.gamma=1.0"),
    "γ = 3": _also("net.gamma=3.0"),
    "α = 0.3": _also("defense.options.alpha=0.3"),
    "α = 0: early heads are not trained": _also("defense.options.alpha=0.0"),
    "16 filters": Setting(training=("net.options.filters=16",)),
    "64 filters": Setting(training=("net.options.filters=64",)),
    "each beat scaled to [0, 1]": Setting(scaling="unit_range", epsilons=_UNIT_RANGE),
    "each beat scaled to [0, 1], attack kept there": Setting(
        scaling="unit_range", epsilons=_UNIT_RANGE, bounds=(0.0, 1.0)
    ),
    "each sample standardized over the beats": Setting(scaling="standardized"),
    "a tenth of the learning rate": _also("training.learning_rate=1e-3"),
    "5 epochs": _also("training.epochs=5"),
    "60 epochs, no early stopping": _also("training.epochs=60", "training.patience=60"),
    "weight decay 1e-3": _also("training.weight_decay=1e-3"),
    "attack starts at the clean window": Setting(attack={"start_share": 0.0}),
    "attack starts near the ball's border": Setting(attack={"start_share": 0.9}),
    "attack raises the margin, not the cross-entropy": Setting(attack={"loss": "margin"}),
    "attack takes 100 steps": Setting(attack={"steps": 100}, epsilons=(0.1, 0.2, 0.3)),
}


def unit_range(x: Windows, _training: Windows) -> Windows:
    """Each channel of each window to [0, 1], linearly; a flat one to 0."""
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    return np.asarray((x - low) / np.where(high > low, high - low, 1), dtype=np.float32)


def standardized(x: Windows, training: Windows) -> Windows:
    """Each sample of a window by mean and standard deviation of that sample over the training windows."""
    mean, deviation = training.mean(axis=0), training.std(axis=0)
    return np.asarray((x - mean) / np.where(deviation > 0, deviation, 1), dtype=np.float32)


SCALINGS: Final[dict[str, Callable[[Windows, Windows], Windows]]] = {
    "unit_range": unit_range,
    "standardized": standardized,
}
