"""Temperature scaling of the ensemble: one number that makes its confidence honest on clean calibration data."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeguard.exits.ensemble import ensemble, probabilities

_RANGE = (math.log(0.05), math.log(20.0))


def fit_temperature(logits: ArrayLike, labels: NDArray[np.int64]) -> float:
    """The temperature in [0.05, 20] that minimizes the ensemble's negative log-likelihood.

    Args:
        logits: (n, exits, classes) on calibration windows; each exit's logits are divided by the result.
        labels: (n,) class indices.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - half a second to import, only the lab calibrates

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        chosen = ensemble(probabilities(logits, math.exp(log_temperature)))[rows, labels]
        return float(-np.log(np.maximum(chosen, 1e-300)).mean())

    return math.exp(float(minimize_scalar(loss, bounds=_RANGE, method="bounded").x))
