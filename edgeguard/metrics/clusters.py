"""Bootstrap over clusters: windows of one wearer are alike, so it is wearers that are drawn again, not windows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.metrics.classification import Floats

RESAMPLES: Final = 1000
MOST_DRAWN: Final = 400  # more clusters of a stratum are first put together at random: nothing is lost but time


class ClusterBootstrap:
    """Draws clusters with replacement within each stratum, the same draws for everything asked of it.

    Args:
        strata: (clusters,) which stratum each is of; a draw has as many of each stratum as there are.
        resamples: How many draws.
        seed: Of the draws.
        named: What clusters are, in words.
    """

    def __init__(
        self, strata: NDArray[np.int64], *, resamples: int = RESAMPLES, seed: int = 0, named: str = "wearers"
    ) -> None:
        self.named = named
        rng = np.random.default_rng(seed)
        self._drawn = np.empty(len(strata), dtype=np.int64)  # cluster -> what is drawn in its place
        weights = [np.empty((resamples, 0))]
        begin = 0
        for stratum in np.unique(strata):
            members = np.flatnonzero(strata == stratum)
            size = min(len(members), MOST_DRAWN)
            self._drawn[members] = begin + rng.permutation(len(members)) % size
            weights.append(rng.multinomial(size, np.full(size, 1 / size), size=resamples).astype(np.float64))
            begin += size
        self._weights = np.concatenate(weights, axis=1)  # (resamples, drawn)

    def sums(self, values: Floats) -> Floats:
        """Sums of `values` (clusters, columns) over each draw: (resamples, columns)."""
        together = np.zeros((self._weights.shape[1], values.shape[1]))
        np.add.at(together, self._drawn, values)
        result: Floats = self._weights @ together
        return result

    def ratios(self, numerators: Floats, denominators: Floats) -> Floats:
        """Sum over sum of each draw, (resamples, columns); NaN where a draw has nothing of a column."""
        below = self.sums(denominators)
        return np.divide(self.sums(numerators), below, out=np.full_like(below, np.nan), where=below > 0)
