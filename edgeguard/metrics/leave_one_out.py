"""Leave-one-out unfairness: how far one training sample moves what a classifier says of others (Definition 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeguard.metrics.classification import Floats
from edgeguard.metrics.clusters import ClusterBootstrap
from edgeguard.metrics.figures import Estimate, undefined
from edgeguard.metrics.group_frame import DEFAULT, Sampling
from edgeguard.metrics.groups import estimated


@dataclass(frozen=True)
class LeaveOneOutFigures:
    """LUF in [0, 1], LUF_t in [0, left-out samples], LUF_l in [0, test samples]."""

    luf: Estimate
    luf_t: Estimate
    luf_l: Estimate


@dataclass(frozen=True)
class LeaveOneOut:
    """Leave-one-out unfairness, with two kinds of doubt.

    LUF_t and LUF_l are the same share of flipped verdicts, times the left-out samples and times the test samples.

    Attributes:
        over_test: Intervals as if other test samples had been drawn, the left-out ones the same.
        over_left_out: As if other samples had been left out, the test ones the same.
    """

    over_test: LeaveOneOutFigures
    over_left_out: LeaveOneOutFigures


def leave_one_out(
    confidences_full: ArrayLike,
    confidences_left_out: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    sampling: Sampling = DEFAULT,
) -> LeaveOneOut:
    """Leave-one-out unfairness of a classifier, expected over test samples (Definition 3 and the formulas below it).

        LUF(x) = max_{i,y} |F_D(x)_y - F_{D∖i}(x)_y|,   LUF = E_x LUF(x)
        LUF_t = E_x Σ_i 1{C_D(x) ≠ C_{D∖i}(x)},         LUF_l = E_i Σ_x 1{C_D(x) ≠ C_{D∖i}(x)}

    LUF and LUF_t grow with the number of samples left out: compare only what has as many.

    Args:
        confidences_full: (n, classes) F_D of the test samples.
        confidences_left_out: (m, n, classes) F_{D∖i} of them, for each left-out sample i.
        clusters: (n,) whose each test sample is.
        sampling: Of its bootstrap.

    ValueError where shapes do not match; all is undefined where a confidence is not a finite number.
    """
    full, others = np.asarray(confidences_full), np.asarray(confidences_left_out)
    if full.ndim != 2 or others.shape[1:] != full.shape or not len(others) or not len(full):
        raise ValueError(f"confidences of {full.shape} and {others.shape} are not (n, classes) and (m, n, classes)")
    cluster = np.arange(len(full)) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    if cluster.shape != full.shape[:1]:
        raise ValueError(f"{len(cluster)} clusters for {len(full)} test samples")
    if bad := int((~np.isfinite(full)).sum() + (~np.isfinite(others)).sum()):
        nothing = undefined(f"{bad} confidences are not finite numbers")
        return LeaveOneOut(*[LeaveOneOutFigures(nothing, nothing, nothing)] * 2)
    apart = np.stack([np.abs(other - full).max(axis=1) for other in others]).astype(np.float64)  # (m, n)
    flips = (others.argmax(axis=2) != full.argmax(axis=1)).astype(np.float64)
    return LeaveOneOut(_over_test(apart, flips, cluster, sampling), _over_left_out(apart, flips, sampling))


def _over_test(apart: Floats, flips: Floats, cluster: NDArray[np.int64], sampling: Sampling) -> LeaveOneOutFigures:
    each = np.column_stack([apart.max(axis=0), flips.mean(axis=0), np.ones(len(cluster))])  # (n, 3)
    sums = np.zeros((int(cluster.max()) + 1, 3))
    np.add.at(sums, cluster, each)
    bootstrap = ClusterBootstrap(np.zeros(len(sums), dtype=np.int64), resamples=sampling.resamples, seed=sampling.seed)
    draws = bootstrap.ratios(sums[:, :2], sums[:, [2, 2]])
    return _figures(apart, flips, draws, len(sums), len(cluster), sampling)


def _over_left_out(apart: Floats, flips: Floats, sampling: Sampling) -> LeaveOneOutFigures:
    m = len(apart)
    drawn = np.random.default_rng(sampling.seed).integers(m, size=(sampling.resamples, m))
    largest = [apart[np.unique(row)].max(axis=0).mean() for row in drawn]
    draws = np.column_stack([largest, flips.mean(axis=1)[drawn].mean(axis=1)])
    return _figures(apart, flips, draws, m, m, sampling)


def _figures(
    apart: Floats, flips: Floats, draws: Floats, clusters: int, count: int, sampling: Sampling
) -> LeaveOneOutFigures:
    m, n = flips.shape
    luf, flipped = (
        estimated(float(value), draws[:, k], clusters, count, confidence=sampling.confidence)
        for k, value in enumerate((apart.max(axis=0).mean(), flips.mean()))
    )
    return LeaveOneOutFigures(luf, _times(flipped, m), _times(flipped, n))


def _times(share: Estimate, factor: int) -> Estimate:
    value, low, high = (None if end is None else factor * end for end in (share.value, share.low, share.high))
    return replace(share, value=value, low=low, high=high)
