"""Fairness in robustness as FARMUR (Mousavi et al.) defines it, from distances to the boundary or what stands for them.

A stand-in that devices send is the margin: the highest probability minus the second highest. It is no distance in the
input's units; only groups under the same model can be compared by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from edgeguard.metrics.classification import Floats
from edgeguard.metrics.figures import Estimate, undefined
from edgeguard.metrics.groups import Comparison


def surviving_share(distances: Floats, correct: NDArray[np.bool_], tau: float) -> float:
    """I_P(τ): the share of sub-partition P that is classified rightly and further than τ from the boundary (Eq. 1)."""
    return float(np.mean(correct & (distances > tau)))


def surviving_shares_of_bins(counts: NDArray[np.int64], share_correct: float = 1.0) -> Floats:
    """I_P at each lower edge of a histogram of distances in ``[edge_k, edge_k+1)``, and 0 behind its end (Eq. 1).

    Args:
        counts: (bins,) windows in each.
        share_correct: Of the windows that count; 1 where labels are not known and every verdict is taken as right.
    """
    behind = np.concatenate([np.cumsum(counts[::-1])[::-1], [0]])
    return share_correct * behind / max(int(counts.sum()), 1)


def robustness(distances: Floats, correct: NDArray[np.bool_]) -> float:
    """Rob(P) = ∫ I_P(τ) dτ, which is the mean distance where wrong windows count 0 (Eq. 2 and 3)."""
    return float(np.mean(np.where(correct, distances, 0.0)))


def robustness_of_classifier(parts: Iterable[float]) -> float:
    """Rob(f): the mean of Rob(P) over the sub-partitions, each counting the same (Eq. 4 and 5)."""
    return float(np.mean(list(parts)))


def unfairness_in_robustness(parts: Iterable[float]) -> float:
    """V_f(P): the variance of Rob(P) over the sub-partitions, 0 where all are equally robust (Eq. 6)."""
    return float(np.var(list(parts)))


def estimated_robustness(comparison: Comparison) -> Estimate:
    """Rob(f) of groups compared by their Rob(P); its interval takes groups for independent."""
    parts = [group for group in comparison.groups if group.value is not None]
    if len(parts) < 2:
        return undefined("fewer than two groups can be compared")
    values, lows, highs = (np.array([getattr(group, end) for group in parts]) for end in ("value", "low", "high"))
    value = robustness_of_classifier(values)
    low = value - float(np.sqrt(((values - lows) ** 2).sum())) / len(parts)
    high = value + float(np.sqrt(((highs - values) ** 2).sum())) / len(parts)
    return Estimate(value, low, high, sum(group.clusters for group in parts), sum(group.count for group in parts))


def estimated_unfairness(comparison: Comparison) -> Estimate:
    """V_f(P) of groups compared by their Rob(P), which is Σ over pairs of (Rob(P_i) - Rob(P_j))² / n²."""
    parts = [group for group in comparison.groups if group.value is not None]
    if len(parts) < 2:
        return undefined("fewer than two groups can be compared")
    value = unfairness_in_robustness(group.value for group in parts if group.value is not None)
    low, high = (sum(ends[side] ** 2 for ends in comparison.pairs.values()) / len(parts) ** 2 for side in (0, 1))
    return Estimate(value, low, high, sum(group.clusters for group in parts), sum(group.count for group in parts))


def vulnerable(robustness_by_part: Mapping[str, float]) -> list[str]:
    """Sub-partitions with Rob(P) < Rob(f) (Definition 5)."""
    whole = robustness_of_classifier(robustness_by_part.values())
    return [name for name, value in robustness_by_part.items() if value < whole]
