"""Shares and means of groups, and the largest gap between two, with intervals that hold for clustered windows.

A group's figure is Σ numerators / Σ denominators over its clusters (wearers). Its standard error is the cluster
bootstrap's, widened by √(n/(n-1)); the interval is Student's t with n - 1 degrees of freedom on the logit scale of a
share or of a mean in [0, 1], on the log scale of an amount. A share's standard error is at least that of independent
windows, √(p(1-p)/Σ): few clusters may be alike by chance. A share of 0 or 1 tells nothing of how clusters differ: its
interval is the exact one (Clopper-Pearson) of as many windows as are left when they count as little as in the most
uneven other group, and of its clusters, each counted once, where no other group tells.

The interval of the largest gap is made of those of all pairs, which hold together (max-t over the same draws): the gap
is at least the largest of their lower ends and at most the largest of their upper ends. Quantiles of the drawn gap
itself would lie over 0 even where all groups are alike. A pair's interval follows from those of its two groups by
Zou and Donner's "method of variance estimates recovery" (Stat. Med. 27, 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from edgeguard.metrics.classification import Floats
from edgeguard.metrics.clusters import ClusterBootstrap
from edgeguard.metrics.figures import Estimate, Gap, no_gap, undefined
from edgeguard.metrics.intervals import share_intervals

Scale = Literal["share", "mean", "amount"]  # of hits, in [0, 1]; of values in [0, 1]; of values of at least 0

Indices = NDArray[np.int64]

FEWEST: Final = 2  # clusters that an interval needs
_TRUSTED: Final = 5  # clusters from which a standard error is trusted to be small
_SMALLEST: Final = 1e-12  # a smaller standard error is rounding
_LARGEST: Final = 300.0  # a larger exponent is as good as infinite


@dataclass(frozen=True)
class Comparison:
    """Each group's figure, in the order asked; the widest gap; and each pair's |difference| as (low, high) by index."""

    groups: list[Estimate]
    gap: Gap
    pairs: dict[tuple[int, int], tuple[float, float]]


@dataclass(frozen=True)
class _Columns:
    """Of those groups that are defined: names, figures, standard errors, and deviations of draws."""

    names: list[str]
    values: Floats
    errors: Floats
    clusters: Floats
    trials: Floats  # independent windows that a share of 0 or 1 rests on
    deviations: Floats  # (resamples, groups)
    scale: Scale


def compare(
    names: list[str],
    numerators: Floats,
    denominators: Floats,
    bootstrap: ClusterBootstrap,
    *,
    scale: Scale = "share",
    confidence: float = 0.95,
    fewest: int = FEWEST,
) -> Comparison:
    """Compare groups by Σ numerators / Σ denominators, both (clusters, groups); a cluster may be of several groups.

    A group of fewer than `fewest` clusters with a denominator is undefined. ValueError where a number is not finite.
    """
    if not (np.isfinite(numerators).all() and np.isfinite(denominators).all()):
        raise ValueError("a numerator or a denominator is not a finite number")
    counts, sizes = denominators.sum(axis=0), (denominators > 0).sum(axis=0)
    defined = np.flatnonzero((sizes >= max(fewest, FEWEST)) & (counts > 0))
    columns = _columns(names, numerators, denominators, bootstrap, defined, scale)
    found = dict(zip(defined.tolist(), _intervals(columns, confidence), strict=True))
    groups = [
        Estimate(float(numerators[:, k].sum() / counts[k]), *found[k], int(sizes[k]), float(counts[k]))
        if k in found
        else undefined(_reason(int(sizes[k]), max(fewest, FEWEST), bootstrap.named), int(sizes[k]), float(counts[k]))
        for k in range(len(names))
    ]
    pairs = _pairs(columns, confidence)
    index = defined.tolist()
    return Comparison(groups, _gap(columns, pairs), {(index[i], index[j]): ends for (i, j), ends in pairs.items()})


def estimated(
    value: float, draws: Floats, clusters: int, count: float, *, scale: Scale = "mean", confidence: float = 0.95
) -> Estimate:
    """A figure of `clusters` that were drawn again, (resamples,): the same kind of interval, none for one cluster."""
    if clusters < FEWEST:
        return Estimate(value, None, None, clusters, count)
    deviations = (draws - value)[:, None]
    error = np.sqrt(_mean_square(deviations) * clusters / (clusters - 1))
    sizes = np.array([float(clusters)])
    columns = _Columns([""], np.array([value]), error, sizes, sizes, deviations, scale)
    return Estimate(value, *_intervals(columns, confidence)[0], clusters, count)


def _reason(size: int, fewest: int, named: str) -> str:
    return "nothing was counted" if size == 0 else f"fewer than {fewest} {named}"


def _columns(
    names: list[str],
    numerators: Floats,
    denominators: Floats,
    bootstrap: ClusterBootstrap,
    defined: Indices,
    scale: Scale,
) -> _Columns:
    above, below = numerators[:, defined], denominators[:, defined]
    counts = below.sum(axis=0)
    values, clusters = above.sum(axis=0) / counts, (below > 0).sum(axis=0).astype(np.float64)
    deviations = bootstrap.ratios(above, below) - values
    errors = np.sqrt(_mean_square(deviations) * clusters / (clusters - 1))
    if scale == "share":
        errors = np.maximum(errors, np.sqrt(np.maximum(values * (1 - values), 0.0) / counts))
    trials = _trials(values, errors, counts, clusters)
    return _Columns([names[k] for k in defined], values, errors, clusters, trials, deviations, scale)


def _trials(values: Floats, errors: Floats, counts: Floats, clusters: Floats) -> Floats:
    room = values * (1 - values)
    effects = errors[room > 0] ** 2 * counts[room > 0] / room[room > 0]  # 1: as if windows were independent
    largest = max(1.0, float(effects.max())) if len(effects) else np.inf
    return np.clip(counts / largest, clusters, counts)


def _mean_square(deviations: Floats) -> Floats:
    """Over draws, without those that have nothing of a column."""
    some = np.maximum(np.isfinite(deviations).sum(axis=0), 1)
    mean: Floats = np.nansum(deviations**2, axis=0) / some
    return mean


def _intervals(columns: _Columns, confidence: float) -> list[tuple[float, float]]:
    every = np.arange(len(columns.names))
    low, high = _interval(columns, every, stdtrit(columns.clusters - 1, (1 + confidence) / 2), confidence)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _interval(columns: _Columns, k: Indices, critical: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Intervals of groups `k`, so many standard errors wide on the figure's scale."""
    values, errors = columns.values[k], columns.errors[k]
    if columns.scale == "amount":
        relative = np.divide(errors, values, out=np.zeros_like(values), where=values > 0)
        factor = np.exp(np.minimum(critical * relative, _LARGEST))
        return values / factor, values * factor
    room = values * (1 - values)
    relative = np.divide(errors, room, out=np.zeros_like(values), where=room > 0)
    factor = np.exp(np.minimum(critical * relative, _LARGEST))
    low, high = values / (values + (1 - values) * factor), values * factor / (values * factor + (1 - values))
    exact_low, exact_high = _exact(values, columns.trials[k], confidence)
    return np.where(room > 0, low, exact_low), np.where(room > 0, high, exact_high)


def _exact(shares: Floats, trials: Floats, confidence: float) -> tuple[Floats, Floats]:
    low, high = share_intervals(np.where(shares < 0.5, 0.0, trials), trials, confidence)
    return np.minimum(low, shares), np.maximum(high, shares)


def _pairs(columns: _Columns, confidence: float) -> dict[tuple[int, int], tuple[float, float]]:
    """Intervals of |difference| of every two groups, which hold together."""
    i, j = np.triu_indices(len(columns.names), k=1)
    if not len(i):
        return {}
    together = _confidence_of_each(columns, i, j, confidence)
    swap = columns.values[i] < columns.values[j]
    upper, lower = np.where(swap, j, i), np.where(swap, i, j)
    low, high = _difference(columns, upper, lower, together)
    ends = zip(np.maximum(low, 0.0).tolist(), np.maximum(high, -low).tolist(), strict=True)
    return dict(zip(zip(i.tolist(), j.tolist(), strict=True), ends, strict=True))


def _confidence_of_each(columns: _Columns, i: Indices, j: Indices, confidence: float) -> float:
    """How sure each pair must be for all to hold together: by the largest studentized deviation in each draw."""
    largest = np.zeros(len(columns.deviations))
    for a, b in zip(i, j, strict=True):
        apart = np.abs(columns.deviations[:, a] - columns.deviations[:, b])
        spread = np.sqrt(np.nanmean(apart**2))
        if spread > 0:
            largest = np.fmax(largest, apart / spread)
    return max(confidence, 2 * float(ndtr(np.quantile(largest, confidence))) - 1)


def _difference(columns: _Columns, upper: Indices, lower: Indices, confidence: float) -> tuple[Floats, Floats]:
    """Intervals of upper - lower, recovered from those of the two (Zou and Donner)."""
    critical = stdtrit(_freedom(columns, upper, lower), (1 + confidence) / 2)
    (low_u, high_u), (low_l, high_l) = (_interval(columns, k, critical, confidence) for k in (upper, lower))
    u, v = columns.values[upper], columns.values[lower]
    correlation = _correlation(columns.deviations, upper, lower)
    return u - v - _joined(u - low_u, high_l - v, correlation), u - v + _joined(high_u - u, v - low_l, correlation)


def _joined(a: Floats, b: Floats, correlation: Floats) -> Floats:
    squared: Floats = np.maximum(a * a + b * b - 2 * correlation * a * b, 0.0)
    root: Floats = np.sqrt(squared)
    return root


def _freedom(columns: _Columns, i: Indices, j: Indices) -> Floats:
    """Welch and Satterthwaite's degrees of freedom of differences; the smaller group's own where it is very small.

    Two or three clusters that are alike by chance have a small standard error, which Welch would take at its word.
    """
    squares, freedom = np.maximum(columns.errors, _SMALLEST) ** 2, columns.clusters - 1
    welch: Floats = (squares[i] + squares[j]) ** 2 / (squares[i] ** 2 / freedom[i] + squares[j] ** 2 / freedom[j])
    smaller: Floats = np.minimum(freedom[i], freedom[j])
    return np.where(smaller + 1 < _TRUSTED, smaller, welch)


def _correlation(deviations: Floats, i: Indices, j: Indices) -> Floats:
    spread = np.sqrt(_mean_square(deviations))
    together = np.array([np.nanmean(deviations[:, a] * deviations[:, b]) for a, b in zip(i, j, strict=True)])
    product = spread[i] * spread[j]
    found: Floats = np.divide(together, product, out=np.zeros_like(product), where=product > _SMALLEST**2)
    return found


def _gap(columns: _Columns, pairs: dict[tuple[int, int], tuple[float, float]]) -> Gap:
    if not pairs:
        return no_gap("fewer than two groups can be compared")
    values = columns.values
    i, j = max(pairs, key=lambda pair: abs(values[pair[0]] - values[pair[1]]))
    highest, lowest = (i, j) if values[i] >= values[j] else (j, i)
    low, high = (max(ends[side] for ends in pairs.values()) for side in (0, 1))
    return Gap(float(values[highest] - values[lowest]), low, high, columns.names[highest], columns.names[lowest])
