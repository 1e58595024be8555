"""Exit logits to probabilities and one verdict (Eq. 2 of the early-exit paper).

Plain ufuncs rather than array methods: the device calls this once a window, and there the methods' overhead is most
of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def probabilities(logits: ArrayLike, temperature: float = 1.0) -> Floats:
    """Softmax over classes of logits (…, classes) divided by `temperature`; same shape, rows sum to 1."""
    scaled: Floats = np.divide(logits, temperature, dtype=np.float64)
    scaled -= np.maximum.reduce(scaled, axis=-1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= np.add.reduce(scaled, axis=-1, keepdims=True)
    return scaled


def ensemble(exit_probabilities: Floats) -> Floats:
    """Mean over exits of probabilities (batch, exits, classes): (batch, classes), Eq. 2."""
    total: Floats = np.add.reduce(exit_probabilities, axis=-2)
    total /= exit_probabilities.shape[-2]
    return total
