"""Shares and means of groups, and the largest gap between two, with intervals that hold for clustered windows.

A group's figure is Σ numerators / Σ denominators over its clusters (wearers). Its standard error is the cluster
bootstrap's, widened by √(n/(n-1)); the interval is Student's t with n - 1 degrees of freedom on the logit scale of a
share, on the log scale of an amount. Where clusters do not differ at all the bootstrap sees no doubt: a share then has
the exact (Clopper-Pearson) interval of so many clusters, each counted once.

The interval of the largest gap is made of those of all pairs, which hold together (max-t over the same draws): the gap
is at least the largest of their lower ends and at most the largest of their upper ends. Quantiles of the drawn gap
itself would lie over 0 even where all groups are alike. A pair's interval follows from those of its two groups by
Zou and Donner's "method of variance estimates recovery" (Stat. Med. 27, 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from edgeguard.metrics.classification import Floats
from edgeguard.metrics.clusters import ClusterBootstrap
from edgeguard.metrics.figures import Estimate, Gap, no_gap, undefined
from edgeguard.metrics.intervals import share_interval

Scale = Literal["share", "amount"]  # in [0, 1]; at least 0

FEWEST: Final = 2  # clusters that an interval needs


@dataclass(frozen=True)
class Comparison:
    """Each group's figure, in the order asked; the widest gap; and each pair's |difference| as (low, high) by index."""

    groups: list[Estimate]
    gap: Gap
    pairs: dict[tuple[int, int], tuple[float, float]]


@dataclass(frozen=True)
class _Columns:
    """Of those groups that are defined: names, figures, standard errors, degrees of freedom and deviations of draws."""

    names: list[str]
    values: Floats
    errors: Floats
    clusters: Floats
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

    A group of fewer than `fewest` clusters with a denominator is undefined.
    """
    counts, sizes = denominators.sum(axis=0), (denominators > 0).sum(axis=0)
    defined = np.flatnonzero((sizes >= max(fewest, FEWEST)) & (counts > 0))
    columns = _columns(names, numerators, denominators, bootstrap, defined, scale)
    found = dict(zip(defined.tolist(), _intervals(columns, confidence), strict=True))
    groups = [
        Estimate(float(numerators[:, k].sum() / counts[k]), *found[k], int(sizes[k]), float(counts[k]))
        if k in found
        else undefined(_reason(int(sizes[k]), max(fewest, FEWEST)), int(sizes[k]), float(counts[k]))
        for k in range(len(names))
    ]
    pairs = _pairs(columns, confidence)
    index = defined.tolist()
    return Comparison(groups, _gap(columns, pairs), {(index[i], index[j]): ends for (i, j), ends in pairs.items()})


def _reason(size: int, fewest: int) -> str:
    return "nothing was counted" if size == 0 else f"fewer than {fewest} wearers"


def _columns(
    names: list[str],
    numerators: Floats,
    denominators: Floats,
    bootstrap: ClusterBootstrap,
    defined: np.ndarray[tuple[int], np.dtype[np.int64]],
    scale: Scale,
) -> _Columns:
    above, below = numerators[:, defined], denominators[:, defined]
    values = above.sum(axis=0) / below.sum(axis=0)
    clusters = (below > 0).sum(axis=0).astype(np.float64)
    deviations = bootstrap.ratios(above, below) - values
    errors = np.sqrt(np.nanmean(deviations**2, axis=0) * clusters / (clusters - 1)) if len(defined) else np.empty(0)
    errors[errors < 1e-12] = 0.0
    return _Columns([names[k] for k in defined], values, errors, clusters, deviations, scale)


def _intervals(columns: _Columns, confidence: float) -> list[tuple[float, float]]:
    critical = student.ppf((1 + confidence) / 2, columns.clusters - 1)
    return [_interval(columns, k, float(critical[k]), confidence) for k in range(len(columns.names))]


def _interval(columns: _Columns, k: int, critical: float, confidence: float) -> tuple[float, float]:
    value, error = float(columns.values[k]), float(columns.errors[k])
    if columns.scale == "amount":
        factor = np.exp(min(critical * error / value, 700.0)) if value else 1.0
        return value / factor, value * factor
    if error == 0.0 or not 0.0 < value < 1.0:
        trials = int(columns.clusters[k])
        low, high = share_interval(min(round(value * trials), trials), trials, confidence)
        return min(low, value), max(high, value)
    odds = value / (1 - value)
    factor = np.exp(min(critical * error / (value * (1 - value)), 300.0))
    return odds / (odds + factor), odds * factor / (1 + odds * factor)


def _pairs(columns: _Columns, confidence: float) -> dict[tuple[int, int], tuple[float, float]]:
    """Intervals of |difference| of every two groups, which hold together."""
    indices = list(combinations(range(len(columns.names)), 2))
    together = _confidence_of_each(columns, indices, confidence)
    return {(i, j): _pair(columns, i, j, together) for i, j in indices}


def _confidence_of_each(columns: _Columns, indices: list[tuple[int, int]], confidence: float) -> float:
    """How sure each pair must be for all to hold together: by the largest studentized deviation in each draw."""
    largest = np.zeros(len(columns.deviations))
    for i, j in indices:
        apart = np.abs(columns.deviations[:, i] - columns.deviations[:, j])
        spread = np.sqrt(np.nanmean(apart**2))
        if spread > 0:
            largest = np.fmax(largest, apart / spread)
    return max(confidence, 1 - 2 * float(norm.sf(np.quantile(largest, confidence))))


def _pair(columns: _Columns, i: int, j: int, confidence: float) -> tuple[float, float]:
    if columns.values[i] < columns.values[j]:
        i, j = j, i
    critical = float(student.ppf((1 + confidence) / 2, _freedom(columns, i, j)))
    upper, lower = columns.values[i], columns.values[j]
    (low_i, high_i), (low_j, high_j) = (_interval(columns, k, critical, confidence) for k in (i, j))
    correlation = _correlation(columns.deviations[:, i], columns.deviations[:, j])
    low = float(upper - lower - _joined(upper - low_i, high_j - lower, correlation))
    high = float(upper - lower + _joined(high_i - upper, lower - low_j, correlation))
    return max(low, 0.0), max(high, -low)


def _joined(a: float, b: float, correlation: float) -> float:
    return float(np.sqrt(max(a * a + b * b - 2 * correlation * a * b, 0.0)))


def _freedom(columns: _Columns, i: int, j: int) -> float:
    """Welch and Satterthwaite's degrees of freedom of a difference."""
    squares = columns.errors[[i, j]] ** 2
    if not squares.sum():
        return float(columns.clusters[[i, j]].min() - 1)
    return float(squares.sum() ** 2 / (squares**2 / (columns.clusters[[i, j]] - 1)).sum())


def _correlation(a: Floats, b: Floats) -> float:
    scale = np.sqrt(np.nanmean(a**2) * np.nanmean(b**2))
    return float(np.nanmean(a * b) / scale) if scale > 0 else 0.0


def _gap(columns: _Columns, pairs: dict[tuple[int, int], tuple[float, float]]) -> Gap:
    if not pairs:
        return no_gap("fewer than two groups can be compared")
    highest, lowest = int(columns.values.argmax()), int(columns.values.argmin())
    low, high = (max(ends[side] for ends in pairs.values()) for side in (0, 1))
    value = float(columns.values[highest] - columns.values[lowest])
    return Gap(value, low, high, columns.names[highest], columns.names[lowest])
