"""Exit logits to probabilities and one verdict (Eq. 2 of the early-exit paper)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def probabilities(logits: ArrayLike, temperature: float = 1.0) -> Floats:
    """Softmax over classes of logits (…, classes) divided by `temperature`; same shape, rows sum to 1."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=-1, keepdims=True)
    return scaled


def ensemble(exit_probabilities: Floats) -> Floats:
    """Mean over exits of probabilities (batch, exits, classes): (batch, classes), Eq. 2."""
    return np.asarray(exit_probabilities.mean(axis=-2))
