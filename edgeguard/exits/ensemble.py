"""Exit logits to probabilities and one verdict (Eq. 2 of the early-exit paper).

Plain ufuncs rather than array methods: the device calls this once a window, and there the methods' overhead is most
of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def probabilities(logits: ArrayLike) -> Floats:
    """Softmax over classes of logits (…, classes); same shape, rows sum to 1."""
    result: Floats = np.array(logits, dtype=np.float64)
    result -= np.maximum.reduce(result, axis=-1, keepdims=True)
    np.exp(result, out=result)
    result /= np.add.reduce(result, axis=-1, keepdims=True)
    return result


def ensemble(exit_probabilities: Floats, temperature: float = 1.0) -> Floats:
    """Mean over exits of probabilities (batch, exits, classes): (batch, classes), Eq. 2.

    With a `temperature` T, the softmax of the mean's logarithm divided by T: the same class, a more honest confidence.
    The exits themselves stay as they are, so a temperature changes no disagreement.
    """
    mean: Floats = np.add.reduce(exit_probabilities, axis=-2)
    mean /= exit_probabilities.shape[-2]
    if temperature != 1.0:
        mean /= np.maximum.reduce(mean, axis=-1, keepdims=True)  # else a low temperature underflows
        np.power(mean, 1.0 / temperature, out=mean)
        mean /= np.add.reduce(mean, axis=-1, keepdims=True)
    return mean
