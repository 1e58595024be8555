"""The weights of the score `combined`, searched on development windows: every point of a grid over the three scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final

import click
import numpy as np
from numpy.typing import NDArray

from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import Floats, probabilities
from edgeguard.exits.threshold import conformal_threshold
from edgeguard.lab.detection.detector import Batch
from edgeguard.lab.detection.measuring import Listener
from edgeguard.metrics.detection import auroc

SINGLE: Final = ("mutual_information", "confusion", "vote_entropy")
STEPS: Final = 6  # weights are sixths
RATE: Final = 0.01


@dataclass
class Development:
    """What one study showed of each seed; scores are normalized.

    Attributes:
        clean: Of each seed: the scores (3, n) of the calibration windows and of the tested ones.
        attacked: Of each seed and attack: the scores, and whose verdict is wrong.
    """

    clean: list[tuple[Floats, Floats]] = field(default_factory=list)
    attacked: list[list[tuple[Floats, NDArray[np.bool_]]]] = field(default_factory=list)

    def listener(self) -> Listener:
        """What takes the windows in, seed after seed, and says what is attacked."""
        return Listener(
            self._take_clean,
            lambda attack, radius: click.echo(f"{attack}, ε = {radius} …"),
            lambda found: self.attacked[-1].append((normalized(found.logits), found.wrong)),
        )

    def _take_clean(self, calibration: Batch, tested: Batch) -> None:
        self.clean.append((normalized(calibration), normalized(tested)))
        self.attacked.append([])

    def weighed(self) -> list[dict[str, Any]]:
        """A row for each point of the grid, the best first: by what is found at 1 %, then by AUROC.

        Both are means over attacks, the quiet ones among them, and seeds. The attackers know the single scores and the
        `combined` of the day; none knows the very weights that are tried.
        """
        rows = [self._row(weights) for weights in simplex(STEPS)]
        return sorted(rows, key=lambda row: (row["found"], row["auroc"]), reverse=True)

    def _row(self, weights: Floats) -> dict[str, Any]:
        found, harmful, areas = [], [], []
        for (calibration, tested), attacks in zip(self.clean, self.attacked, strict=True):
            threshold = conformal_threshold(weights @ calibration, RATE)
            for scores, wrong in attacks:
                over = weights @ scores > threshold
                found.append(over.mean())
                harmful += [over[wrong].mean()] if wrong.any() else []
                areas.append(auroc(weights @ tested, weights @ scores))
        return {
            "weights": dict(zip(SINGLE, weights.tolist(), strict=True)),
            "found": float(np.mean(found)),
            "found_harmful": float(np.mean(harmful)) if harmful else None,
            "auroc": fmean(areas),
        }


def normalized(logits: Batch) -> Floats:
    """The three scores (3, n) of logits (n, exits, classes), each over its largest value."""
    exits = probabilities(logits)
    most = largest(*exits.shape[1:])
    return np.stack([SCORES[name](exits) / most[name] for name in SINGLE])


def largest(exits: int, classes: int) -> Mapping[str, float]:
    """The largest value of each score."""
    information = math.log(min(exits, classes))
    return {"mutual_information": information, "confusion": 2.0 * (exits - 1), "vote_entropy": information}


def simplex(steps: int) -> Iterator[Floats]:
    """Every three weights that are multiples of 1/steps and add up to 1."""
    for first in range(steps + 1):
        for second in range(steps + 1 - first):
            yield np.array([first, second, steps - first - second]) / steps
