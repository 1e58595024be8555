"""Is a stream of windows still like the clean ones? Evidence that single windows are too weak to give, summed up.

Clean windows fall into categories with known shares: between which clean quantiles their disagreement lies, or how many
stages they took. The alternative is Lehmann's: of the windows that were beyond a category with probability G, now the
square root of G are (a unit exponential would double its mean); it is stochastically larger whatever the clean
distribution is. Page's sum (Page 1954, *Biometrika* 41) adds up the log-likelihood ratio of each window and never falls
below 0; no detector finds such a change sooner at the same rate of false alarms (Moustakides 1986).

The promised mean number of clean windows between false alarms is that of independent windows with these very shares.
A few hundred calibration windows tell the shares only roughly, so the truth may be several times more or less; and
windows of one wearer come in good and bad stretches, which alarm more often.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeguard.errors import ConfigError

LEVELS: Final = (*(step / 20 for step in range(1, 20)), 0.98, 0.99, 0.995, 0.998, 0.999)

_RESOLUTION: Final = 32  # evidence comes in 1/32 nats, so that the sum has finitely many values, exact in floats
_LEAST_SHARE: Final = 0.001  # of a number of stages that calibration never saw
_LONGEST: Final = 1e9  # windows between false alarms that float64 can still tell


def clean_quantiles(clean_scores: ArrayLike) -> tuple[float, ...]:
    """The score that a new clean window exceeds with probability at most 1 - level, for each of `LEVELS`.

    As in `edgeguard.exits.threshold.conformal_threshold`, ties included. Levels that n scores cannot promise are left
    out, so the result may be shorter than `LEVELS`.
    """
    scores = np.sort(np.asarray(clean_scores, dtype=np.float64))
    ranks = [math.ceil((len(scores) + 1) * level - 1e-9) for level in LEVELS]
    return tuple(float(scores[rank - 1]) for rank in ranks if rank <= len(scores))


class Cusum:
    """Page's sum over windows of known categories, in nats.

    Attributes:
        evidence: What a window of each category adds to the sum.
        limit: A sum over it is an alarm; clean windows come over it once in `mean_windows` on average.
        most: The sum grows to it and no further: about twice the limit, so that the end of a long drift shows.
    """

    def __init__(self, shares: Sequence[float], mean_windows: float) -> None:
        self.evidence: list[float] = (evidence_steps(shares) / _RESOLUTION).tolist()
        self.limit = cusum_limit(tuple(shares), mean_windows)
        self.most, self._sum = 2 * (self.limit + 1), 0.0

    def add_category(self, category: int) -> float:
        """The sum after one more window, in [0, `most`]."""
        self._sum = min(max(self._sum + self.evidence[category], 0.0), self.most)
        return self._sum

    def reset(self) -> None:
        """Start again from 0."""
        self._sum = 0.0


class DriftDetector(Cusum):
    """Finds that the disagreement of a stream has risen on the whole; ValueError without `clean_quantiles`."""

    def __init__(self, clean_quantiles: Sequence[float], mean_windows: float) -> None:
        if not clean_quantiles:
            raise ValueError("there are no clean quantiles: this bundle has no drift alarm")
        # equal quantiles are one cut: a score is beyond all of them or none. Scores of few values leave the categories
        # between them empty, and then alarm more seldom than promised
        levels = dict(zip(clean_quantiles, LEVELS, strict=False))
        self._cuts = list(levels)
        super().__init__(np.diff([0.0, *levels.values(), 1.0]).tolist(), mean_windows)

    def add(self, score: float) -> float:
        """The sum after a window of this score; it is over `limit` where there is drift."""
        return self.add_category(self.category(score))

    def category(self, score: float) -> int:
        """Between which clean quantiles a score lies."""
        return bisect_left(self._cuts, score)


class SlowdownDetector(Cusum):
    """Finds that windows take more stages on the whole than clean ones do.

    Args:
        stage_shares: Share of clean windows that took 1, 2, … stages.
        mean_windows: Clean windows from one false alarm to the next, on average.
    """

    def __init__(self, stage_shares: Sequence[float], mean_windows: float) -> None:
        known = [max(share, _LEAST_SHARE) for share in stage_shares]
        super().__init__([share / sum(known) for share in known], mean_windows)

    def add(self, stages: int) -> float:
        """The sum after a window that took so many stages, from 1; it is over `limit` where there is a slowdown."""
        if stages < 1:
            raise ValueError(f"a window that was judged took at least one stage, not {stages}")
        return self.add_category(stages - 1)


def evidence_steps(shares: ArrayLike) -> NDArray[np.int64]:
    """Log-likelihood ratio of Lehmann's alternative for each category, in steps of 1/32 nats; it rises throughout.

    Rounded down, so that clean windows always lower the sum on average, however little they tell.

    Args:
        shares: Of clean windows, by category, all above 0.
    """
    clean = np.asarray(shares, dtype=np.float64)
    at_least = np.cumsum(clean[::-1])[::-1]
    raised = np.sqrt(at_least)
    drifted = raised - np.append(raised[1:], 0.0)
    return np.asarray(np.floor(_RESOLUTION * np.log(drifted / clean)), dtype=np.int64)


@lru_cache(maxsize=64)  # every source of a device asks for the same two
def cusum_limit(shares: tuple[float, ...], mean_windows: float) -> float:
    """The smallest limit that windows with these `shares` exceed at most once in `mean_windows` on average.

    Exact, since the sum is a Markov chain with finitely many states (Brook & Evans 1972). Where no category is
    evidence, as when almost all clean windows are in the last one, it is 0 and never exceeded.

    ConfigError where `mean_windows` is outside [1, 1e9].
    """
    if not 1 <= mean_windows <= _LONGEST:
        raise ConfigError(
            f"the mean number of windows between false alarms must lie between 1 and {_LONGEST:.0e}, not {mean_windows}"
        )
    steps, low, high = evidence_steps(shares), -1, 0
    if steps.max() <= 0:
        return 0.0
    while run_length(steps, shares, high) < mean_windows:
        low, high = high, max(2 * high, _RESOLUTION)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if run_length(steps, shares, middle) < mean_windows else (low, middle)
    return high / _RESOLUTION


def run_length(steps: NDArray[np.int64], shares: Sequence[float], limit_steps: int) -> float:
    """Mean number of windows until the sum, from 0, is over the limit: (I - P)⁻¹ 1 over the states up to it."""
    states = np.arange(limit_steps + 1)
    moves = np.eye(limit_steps + 1)
    for step, share in zip(steps, shares, strict=True):
        reached = np.maximum(states + step, 0)
        inside = reached <= limit_steps
        moves[states[inside], reached[inside]] -= share
    return float(np.linalg.solve(moves, np.ones(limit_steps + 1))[0])
