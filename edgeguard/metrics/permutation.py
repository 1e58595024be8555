"""Permutation test of a gap between groups: how far apart groups would be that mean nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.metrics.classification import Floats

PERMUTATIONS: Final = 999
_ROUNDING: Final = 1e-9  # gaps that differ by less are the same gap, summed in another order


@dataclass(frozen=True)
class Units:
    """What changes its group as a whole.

    Attributes:
        above: (n,) sum of values of each.
        below: (n,) windows of each, at least 1.
        group: (n,) index of its group.
        block: (n,) groups change only within a block.
    """

    above: Floats
    below: Floats
    group: NDArray[np.int64]
    block: NDArray[np.int64]

    def gap(self, group: NDArray[np.int64]) -> float:
        """The largest gap of Σ above / Σ below between groups."""
        windows = np.bincount(group, weights=self.below)
        means = np.bincount(group, weights=self.above)[windows > 0] / windows[windows > 0]
        return float(means.max() - means.min())


def permutation_p(units: Units, permutations: int = PERMUTATIONS, seed: int = 0) -> float:
    """P = (1 + b) / (1 + m): b of m permutations of the groups within blocks give at least the gap that is seen.

    Exact where units of a block are exchangeable: their group says nothing of their values (Phipson and Smyth 2010).
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(units.block, kind="stable")
    placed = Units(units.above[order], units.below[order], units.group[order], units.block[order])
    seen, one_block = placed.gap(placed.group), placed.block[0] == placed.block[-1]
    reached = 0
    for _ in range(permutations):
        among = rng.permutation(len(order)) if one_block else np.argsort(placed.block + rng.random(len(order)))
        reached += placed.gap(placed.group[among]) >= seen - _ROUNDING
    return (1 + reached) / (1 + permutations)
