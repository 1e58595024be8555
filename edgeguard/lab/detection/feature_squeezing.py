"""Feature squeezing (Xu, Evans & Qi 2018): a verdict that hangs on fine detail changes when the detail is taken away.

Their squeezers, for signals: fewer bits of each channel's own range in the window instead of [0, 1], and a median along
time instead of a patch.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import median_filter

from edgeguard.exits.ensemble import Floats, ensemble, probabilities
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.detection.detector import Batch, CannotFit, Scorer
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net

BITS: Final = 4
MEDIAN: Final = 5  # samples


def feature_squeezing(net: Net, x: Batch, _y: Labels) -> Scorer:
    """The largest L1 distance between the averaged exits on a window and on a squeezed one: in [0, 2].

    CannotFit for tables, which have no time.
    """
    if x.ndim < 3:
        raise CannotFit("a table has nothing to smooth")

    def score(windows: Batch, logits: Batch) -> Floats:
        verdict = ensemble(probabilities(logits))
        squeezed = (fewer_bits(windows), smoothed(windows))
        others = [ensemble(probabilities(logits_of(net, less))) for less in squeezed]
        return np.asarray(np.max([np.abs(verdict - other).sum(axis=-1) for other in others], axis=0))

    return score


def fewer_bits(x: Batch, bits: int = BITS) -> Batch:
    """Windows (n, channels, time…) rounded to 2^bits even levels between each channel's smallest and largest value."""
    time = tuple(range(2, x.ndim))
    low, high = x.min(axis=time, keepdims=True), x.max(axis=time, keepdims=True)
    step = (high - low) / (2**bits - 1)
    flat = step == 0
    levels = np.rint((x - low) / np.where(flat, 1, step))
    return np.asarray(low + levels * step, dtype=np.float32)


def smoothed(x: Batch, width: int = MEDIAN) -> Batch:
    """Windows (n, channels, time…) with each sample the median of `width` around it; the border is mirrored."""
    return np.asarray(median_filter(x, size=(1, 1, *[width] * (x.ndim - 2)), mode="reflect"), dtype=np.float32)
