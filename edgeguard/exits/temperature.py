"""Temperature scaling of the ensemble: one number that makes its confidence honest on clean calibration data."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.exits.ensemble import Floats, ensemble

_RANGE: Final = (math.log(0.05), math.log(20.0))


def fit_temperature(exit_probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """The temperature in [0.05, 20] of `ensemble` that minimizes its cross-entropy with smoothed labels.

    A label counts (n + 1)/(n + classes) and every other class 1/(n + classes) (the rule of succession, as in Platt
    scaling), so that calibration windows without an error do not ask for boundless confidence.

    Args:
        exit_probabilities: (n, exits, classes) on calibration windows.
        labels: (n,) class indices.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - half a second to import, only the lab calibrates

    n, classes = len(labels), exit_probabilities.shape[-1]
    targets = (n * np.eye(classes)[labels] + 1) / (n + classes)

    def loss(log_temperature: float) -> float:
        scaled = ensemble(exit_probabilities, math.exp(log_temperature))
        return float(-(targets * np.log(np.maximum(scaled, 1e-300))).sum(axis=-1).mean())

    return math.exp(float(minimize_scalar(loss, bounds=_RANGE, method="bounded").x))
