"""How often the verdict is right. Inputs are arrays: probabilities (n, classes) and labels (n,)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def accuracy(probabilities: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Share of windows whose most probable class is the label, in [0, 1]; `weights` (n,) count some more."""
    return float(np.average(probabilities.argmax(axis=-1) == labels, weights=weights))


def weighted_f1(probabilities: Floats, labels: Labels) -> float:
    """F1 of each class, averaged with the class sizes as weights, in [0, 1]; a class never predicted counts 0."""
    return float(f1_score(labels, probabilities.argmax(axis=-1), average="weighted", zero_division=0))
