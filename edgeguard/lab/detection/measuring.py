"""One run's detectors on clean and on attacked windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import probabilities
from edgeguard.exits.threshold import conformal_threshold, require_windows
from edgeguard.lab.attacks.knowledge import Knowledge
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.detection.attacked_sets import AttackedSet, Attackers
from edgeguard.lab.detection.detector import Batch
from edgeguard.lab.detection.detectors import DETECTORS, fitted
from edgeguard.lab.detection.fitted import Figures, FittedDetector
from edgeguard.lab.detection.parts import Indices, Parts
from edgeguard.lab.detection.streams import Wearers, clean_streams, switches, windows_per_day
from edgeguard.lab.evaluation import windows_to_attack
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.radius import Epsilon, radius_label
from edgeguard.lab.recipe import Recipe
from edgeguard.signals.inputs import require_signal

RATES: Final = (0.01, 0.05)


@dataclass(frozen=True)
class Asked:
    """What is measured beyond the recipe's attacks and radii.

    Attributes:
        detectors: By name; all that there are unless told.
        rates: False-alarm rates. The first is that of streams, and of the attackers who know a threshold.
    """

    detectors: Sequence[str] = field(default_factory=lambda: tuple(DETECTORS))
    rates: Sequence[float] = RATES


@dataclass(frozen=True)
class Listener:
    """Who is told of what happens, in this order.

    Attributes:
        on_clean: The logits of the calibration windows and of the tested ones.
        on_attack: The attack and the radius that begin.
        on_attacked: What it made.
    """

    on_clean: Callable[[Batch, Batch], None] = lambda _calibration, _tested: None
    on_attack: Callable[[str, str], None] = lambda _attack, _radius: None
    on_attacked: Callable[[AttackedSet], None] = lambda _found: None


def measure(
    net: Net,
    recipe: Recipe,
    dataset: Dataset,
    parts: Parts,
    asked: Asked | None = None,
    listener: Listener | None = None,
) -> Figures:
    """Figures of every detector on clean windows, and under every attack at every radius of the recipe.

    Args:
        net: Trained.
        recipe: Whose evaluation table says attacks, radii and how many windows are attacked.
        dataset: Where the windows lie.
        parts: What they are for.
        asked: Detectors and false-alarm rates; all unless told.
        listener: Who is told.

    ConfigError where the calibration windows are too few for a rate, or no detector fits the network.
    """
    study = _Study.begun(net, recipe, dataset, parts, asked or Asked(), listener or Listener())
    radii = {}
    warnings: list[str] = []
    for epsilon in recipe.evaluation.epsilons:
        radii[radius_label(epsilon)] = study.attacked(epsilon, warnings)
    return {
        "seed": recipe.seed,
        "windows": study.windows,
        "left_out": study.left_out,
        "clean": study.on_clean(),
        "radii": radii,
        "warnings": warnings,
    }


@dataclass(frozen=True)
class _Study:
    net: Net
    recipe: Recipe
    dataset: Dataset
    parts: Parts
    detectors: dict[str, FittedDetector]
    left_out: dict[str, str]
    attackers: Attackers
    listener: Listener

    @classmethod
    def begun(
        cls, net: Net, recipe: Recipe, dataset: Dataset, parts: Parts, asked: Asked, listener: Listener
    ) -> _Study:
        for rate in asked.rates:
            require_windows(len(parts.calibration), rate)
        scorers, left_out = fitted(asked.detectors, net, dataset.x[parts.train], dataset.y[parts.train])
        if not scorers:
            raise ConfigError(f"no detector is left: {'; '.join(f'{name}: {why}' for name, why in left_out.items())}")
        calibration, tested = ((x, logits_of(net, x)) for x in (dataset.x[parts.calibration], dataset.x[parts.tested]))
        listener.on_clean(calibration[1], tested[1])
        detectors = {
            name: FittedDetector.of(scorer, calibration, tested, asked.rates) for name, scorer in scorers.items()
        }
        attackers = _attackers(recipe, dataset, parts, calibration[1], asked.rates[0])
        return cls(net, recipe, dataset, parts, detectors, left_out, attackers, listener)

    @property
    def picked(self) -> Indices:
        """Which of the tested windows are attacked."""
        y = self.dataset.y[self.parts.tested]
        return windows_to_attack(y, self.recipe.evaluation.attacked_windows, self.recipe.seed)

    @property
    def windows(self) -> dict[str, int]:
        parts = self.parts
        counts = {"training": parts.train, "calibration": parts.calibration, "clean": parts.tested}
        return {**{name: len(part) for name, part in counts.items()}, "attacked": len(self.picked)}

    @property
    def wearers(self) -> Wearers:
        return None if self.dataset.wearers is None else self.dataset.wearers[self.parts.tested]

    def on_clean(self) -> Figures:
        streams = clean_streams(len(self.parts.tested), self.wearers, self.recipe.seed)
        days = windows_per_day(require_signal(self.dataset.signal, "edgeguard detect measures"))[0]
        return {name: detector.on_clean(streams, days) for name, detector in self.detectors.items()}

    def attacked(self, epsilon: Epsilon, warnings: list[str]) -> Figures:
        """A row for each attack at one radius; warnings of the attacks are added to those there are."""
        label, picked, who = radius_label(epsilon), self.picked, self.wearers
        streams = switches(
            len(self.parts.tested), len(picked), who, None if who is None else who[picked], self.recipe.seed
        )
        rows = {}
        for found in self._sets(epsilon, lambda attack: self.listener.on_attack(attack, label)):
            self.listener.on_attacked(found)
            warnings += [f"{found.attack}, ε {label}: {warning}" for warning in found.warnings]
            rows[found.attack] = {
                "knows": found.knows,
                "accuracy": float(1 - found.wrong.mean()),
                "harmful": int(found.wrong.sum()),
                "detectors": {
                    name: detector.on_attacked(detector.scorer(found.x, found.logits), found.wrong, streams)
                    for name, detector in self.detectors.items()
                },
            }
        return rows

    def _sets(self, epsilon: Epsilon, on_attack: Callable[[str], None]) -> Iterator[AttackedSet]:
        chosen = self.parts.tested[self.picked]
        return self.attackers.sets(self.net, epsilon, self.dataset.x[chosen], self.dataset.y[chosen], on_attack)


def _attackers(recipe: Recipe, dataset: Dataset, parts: Parts, logits: Batch, rate: float) -> Attackers:
    """They have the training windows and know the threshold of every score; one exit has no alarm to stay under."""
    exits = probabilities(logits)
    thresholds = {name: conformal_threshold(score(exits), rate) for name, score in SCORES.items()}
    x, y = (torch.from_numpy(part[parts.train]) for part in (dataset.x, dataset.y))
    alarm = recipe.calibration.score
    knowledge = Knowledge(x, y, dataset.signal, alarm, thresholds[alarm])
    return Attackers(recipe.evaluation, knowledge, thresholds if exits.shape[1] > 1 else {})
