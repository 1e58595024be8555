"""The models that a simulated fleet runs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Final

from edgeguard.exits.drift import LEVELS
from edgeguard.telemetry.messages import BundleFact

SCORE: Final = "mutual_information"


@dataclass(frozen=True)
class SimulatedModel:
    """A bundle as far as a fleet sees it; its clean disagreement is lognormal.

    Attributes:
        version: Of the bundle "simulated-ecg".
        classes: With how often wearers have a window of each.
        sharpness: Concentration of the ensemble's probabilities on the right class: the higher, the surer.
        median: Of the clean disagreement.
        spread: Standard deviation of its logarithm.
        false_alarm_rate: Of clean windows.
        exits: How many vote.
    """

    version: str
    sharpness: float
    classes: tuple[tuple[str, float], ...] = (("N", 0.92), ("S", 0.03), ("V", 0.05))
    median: float = 0.004
    spread: float = 0.8
    false_alarm_rate: float = 2e-6
    exits: int = 4

    @cached_property
    def bundle(self) -> BundleFact:
        """Its name, version and hash."""
        digest = hashlib.sha256(f"simulated-ecg {self.version}".encode()).hexdigest()
        return BundleFact(name="simulated-ecg", version=self.version, sha256=digest)

    @cached_property
    def threshold(self) -> float:
        """Disagreement that a clean window exceeds with probability `false_alarm_rate`."""
        return self._quantile(1 - self.false_alarm_rate)

    @cached_property
    def clean_quantiles(self) -> Sequence[float]:
        """What a drift detector needs; see `edgeguard.exits.drift.clean_quantiles`."""
        return [self._quantile(level) for level in LEVELS]

    def _quantile(self, level: float) -> float:
        return self.median * math.exp(self.spread * NormalDist().inv_cdf(level))


OLD: Final = SimulatedModel("1.0", sharpness=8.0)
NEW: Final = SimulatedModel("1.1", sharpness=9.0, median=0.0035)
