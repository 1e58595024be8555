"""Unfairness as "Adversarial Training Negatively Affects Fairness" (Sooksatra and Rivas) defines it: 0 is fair.

Groups are the classes, or the values of an attribute. `groups.compare` gives the same numbers with intervals.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgeguard.metrics.classification import Floats


def mean_by_group(values: Floats, groups: NDArray[np.generic]) -> dict[str, float]:
    """Mean of `values` (n,) in each of `groups` (n,), by the group's name.

    ValueError where lengths differ or a value is not finite.
    """
    if values.shape != groups.shape or not np.isfinite(values).all():
        raise ValueError(f"{len(values)} values of {len(groups)} windows must be as many, and finite")
    names, index = np.unique(groups, return_inverse=True)
    means = np.bincount(index, weights=values) / np.bincount(index)
    return {str(name): float(mean) for name, mean in zip(names, means, strict=True)}


def largest_gap(figures: Mapping[str, float]) -> tuple[float, str, str]:
    """Max |figure_i - figure_j| over all pairs, the group that has the highest figure and the one with the lowest.

    ValueError where there is no group.
    """
    highest, lowest = max(figures, key=figures.__getitem__), min(figures, key=figures.__getitem__)
    return figures[highest] - figures[lowest], highest, lowest


def class_wise_accuracy_unfairness(hits: NDArray[np.bool_], groups: NDArray[np.generic]) -> float:
    """CAU = max_{u,u'} |Acc(F, D_u) - Acc(F, D_u')| in [0, 1] (Definition 1); D_u: windows of class or group u."""
    return largest_gap(mean_by_group(hits.astype(np.float64), groups))[0]


def equalized_odds_unfairness(confidence: Floats, groups: NDArray[np.generic]) -> float:
    """EOU = max_{i,j} |E[F(x)_y | a = i] - E[F(x)_y | a = j]| in [0, 1] (Definition 4).

    Args:
        confidence: F(x)_y of the windows of D, or of one true class D_y, as the paper's Tables IV and V have it.
        groups: The attribute's value of each.
    """
    return largest_gap(mean_by_group(confidence, groups))[0]
