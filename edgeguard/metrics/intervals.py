"""Exact intervals of shares."""

from __future__ import annotations

from scipy.stats import binomtest


def share_interval(hits: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a share: it covers the true one at least this often. (0, 1) where `total` is 0."""
    if total == 0:
        return 0.0, 1.0
    interval = binomtest(hits, total).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)
