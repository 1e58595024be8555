"""What clean windows teach a trained network: an honest confidence, an alarm threshold, and when exits agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeguard.bundle.manifest import Agreement
from edgeguard.exits.disagreement import score_named
from edgeguard.exits.drift import clean_quantiles
from edgeguard.exits.ensemble import Floats, ensemble, probabilities
from edgeguard.exits.temperature import fit_temperature
from edgeguard.exits.threshold import conformal_threshold
from edgeguard.lab.agreement import calibrated_agreement
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import CalibrationTable


@dataclass(frozen=True)
class Calibration:
    """What clean calibration windows taught: the temperature, and the alarm rule with what it promises.

    Attributes:
        temperature: Of the ensemble; see `edgeguard.exits.ensemble.ensemble`.
        score: Name of the disagreement score.
        threshold: Conformal quantile of the score; a higher score is an alarm.
        false_alarm_rate: The promise for clean windows.
        windows: Number of calibration windows behind it.
        clean_quantiles: See `edgeguard.exits.drift.clean_quantiles`.
        agreement: The policy ``agree``, where it is offered.
    """

    temperature: float
    score: str
    threshold: float
    false_alarm_rate: float
    windows: int
    clean_quantiles: tuple[float, ...] = ()
    agreement: Agreement | None = None

    def scores(self, logits: NDArray[np.float32]) -> Floats:
        """The disagreement of logits (n, exits, classes): (n,)."""
        return score_named(self.score)(probabilities(logits))

    def verdict(self, logits: NDArray[np.float32]) -> Floats:
        """The calibrated ensemble of logits (n, exits, classes): (n, classes)."""
        return ensemble(probabilities(logits), self.temperature)


def calibrate(net: Net, x: NDArray[np.float32], y: Labels, table: CalibrationTable) -> Calibration:
    """Temperature and threshold from clean windows x (n, channels, samples) that the network was not trained on."""
    exits = probabilities(logits_of(net, x))
    temperature = fit_temperature(exits, y)
    scores = score_named(table.score)(exits)
    threshold = conformal_threshold(scores, table.false_alarm_rate)
    return Calibration(
        temperature,
        table.score,
        threshold,
        table.false_alarm_rate,
        len(x),
        clean_quantiles(scores),
        calibrated_agreement(exits, y, table),
    )
