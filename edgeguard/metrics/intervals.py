"""Exact intervals of shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from edgeguard.metrics.classification import Floats


def share_interval(hits: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a share: it covers the true one at least this often. (0, 1) where `total` is 0."""
    low, high = share_intervals(hits, total, confidence)
    return float(low), float(high)


def share_intervals(hits: ArrayLike, totals: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The same of many shares at once, as quantiles of beta distributions."""
    k, n = np.broadcast_arrays(np.asarray(hits, dtype=np.float64), np.asarray(totals, dtype=np.float64))
    tail = (1 - confidence) / 2
    low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
    high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail), 1.0)
    return low, high
