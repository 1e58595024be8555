"""One frame for every figure by group: values of windows, the group of each, and whose windows they are.

fairlearn's `MetricFrame` gives the gap, `groups.compare` the intervals and the two groups, `permutation` the p-value.
All are the same for the same windows in any order, whatever groups are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from fairlearn.metrics import MetricFrame
from numpy.typing import ArrayLike, NDArray

from edgeguard.metrics.classification import Floats
from edgeguard.metrics.clusters import RESAMPLES, ClusterBootstrap
from edgeguard.metrics.figures import Estimate, Unfairness, undefined
from edgeguard.metrics.groups import Comparison, Scale, compare
from edgeguard.metrics.permutation import PERMUTATIONS, Units, permutation_p

UNKNOWN: Final = "unknown"  # a value that says that there is none: counted, never compared
_AND: Final = " & "
_ROUNDING: Final = 1e-5  # of a softmax in float32

Indices = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class Sampling:
    """How chance is told.

    Attributes:
        confidence: Of intervals.
        resamples: Draws of the bootstrap.
        permutations: Of the groups, for the p-value.
        seed: Of both.
    """

    confidence: float = 0.95
    resamples: int = RESAMPLES
    permutations: int = PERMUTATIONS
    seed: int = 0


DEFAULT: Final = Sampling()


@dataclass(frozen=True)
class GroupFrame:
    """Use `framed` to make one.

    Attributes:
        values: (n,).
        groups: (n,) group names.
        clusters: (n,) index of each window's wearer; None: every window stands for itself.
        absent: Groups that no window is of, or whose windows' value is not known, with their number of windows.
    """

    values: Floats
    groups: Names
    clusters: Indices | None
    absent: Mapping[str, Estimate]

    @property
    def named(self) -> str:
        """What clusters are called."""
        return "windows" if self.clusters is None else "wearers"

    @property
    def cluster_of(self) -> Indices:
        """(n,) the cluster of each window."""
        return np.arange(len(self.values)) if self.clusters is None else self.clusters

    def broken(self, scale: Scale) -> str:
        """Why nothing can be said of the values; empty where there is no reason."""
        if not len(self.values):
            return "there are no windows"
        if bad := int((~np.isfinite(self.values)).sum()):
            return f"{bad} of {len(self.values)} values are not finite numbers"
        if self.values.min() < 0 or (scale != "amount" and self.values.max() > 1 + _ROUNDING):
            allowed = "at least 0" if scale == "amount" else "in [0, 1]"
            return f"values from {self.values.min():.3g} to {self.values.max():.3g} are not {allowed}"
        return ""

    def of(self, names: Sequence[str]) -> GroupFrame:
        """The windows of these groups alone."""
        kept = np.isin(self.groups, names)
        clusters = None if self.clusters is None else np.unique(self.clusters[kept], return_inverse=True)[1]
        return replace(self, values=self.values[kept], groups=self.groups[kept], clusters=clusters)


def framed(
    values: ArrayLike,
    groups: ArrayLike,
    clusters: ArrayLike | None = None,
    names: Sequence[str] = (),
) -> GroupFrame:
    """A frame of (n,) values, groups and clusters; `names` are groups that ought to be there.

    ValueError where lengths differ, or a group is missing (None, NaN).
    """
    found, group = np.asarray(values, dtype=np.float64), np.asarray(groups)
    cluster = None if clusters is None else np.asarray(clusters)
    for what, array in (("groups", group), *([] if cluster is None else [("clusters", cluster)])):
        if array.shape != found.shape or found.ndim != 1:
            raise ValueError(f"{found.shape} values and {array.shape} {what} must be as many, in one dimension")
    label = _named(group)
    code = None if cluster is None else np.unique(cluster, return_inverse=True)[1]
    rank = _index(label, _by_figure(found, label))
    order = np.lexsort((found, rank) if code is None else (found, rank, code))
    whole = GroupFrame(found[order], label[order], None if code is None else code[order], {})
    present = set(np.unique(label).tolist())
    absent = {name: undefined("nothing was counted") for name in map(str, names) if name not in present}
    return replace(whole, absent=absent)


def known_only(frame: GroupFrame) -> GroupFrame:
    """Without the windows whose group is `UNKNOWN`; they are counted among the absent."""
    gone = frame.groups == UNKNOWN
    if not gone.any():
        return frame
    note = undefined("the value is not known", len(np.unique(frame.cluster_of[gone])), float(gone.sum()))
    kept = frame.of([name for name in np.unique(frame.groups).tolist() if name != UNKNOWN])
    return replace(kept, absent={**frame.absent, UNKNOWN: note})


def unfairness(frame: GroupFrame, scale: Scale, sampling: Sampling = DEFAULT) -> Unfairness:
    """The largest gap between the groups' means, and all that belongs to it."""
    if reason := frame.broken(scale):
        return Unfairness(None, None, None, reason=reason, groups=frame.absent)
    names = _by_figure(frame.values, frame.groups)
    comparison = compared(frame, names, scale, sampling)
    groups = {**dict(zip(names, comparison.groups, strict=True)), **frame.absent}
    defined = [name for name, group in groups.items() if group.value is not None]
    if len(defined) < 2:
        return Unfairness(None, None, None, reason=comparison.gap.reason, groups=groups)
    shown = frame.of(defined)
    metrics = MetricFrame(metrics=_mean, y_true=shown.values, y_pred=shown.values, sensitive_features=shown.groups)
    units, permuted = _units(shown)
    return Unfairness(
        value=float(metrics.difference()),
        low=comparison.gap.low,
        high=comparison.gap.high,
        highest=comparison.gap.highest,
        lowest=comparison.gap.lowest,
        p_value=permutation_p(units, sampling.permutations, sampling.seed),
        permuted=permuted,
        groups=dict(sorted(groups.items())),
    )


def compared(frame: GroupFrame, names: Sequence[str], scale: Scale, sampling: Sampling) -> Comparison:
    """Figures of `names` with their intervals, clusters drawn again."""
    cluster, group = frame.cluster_of, _index(frame.groups, names)
    above, below = (_sums(cluster, group, weights, len(names)) for weights in (frame.values, None))
    strata = group_of_each_cluster(below)
    bootstrap = ClusterBootstrap(strata, resamples=sampling.resamples, seed=sampling.seed, named=frame.named)
    return compare(list(names), above, below, bootstrap, scale=scale, confidence=sampling.confidence)


def group_of_each_cluster(below: Floats) -> Indices:
    """(clusters,) the only group of each, or 0 for all where one of them is of several; `below`: its windows."""
    if ((below > 0).sum(axis=1) > 1).any():
        return np.zeros(len(below), dtype=np.int64)
    return np.asarray(below.argmax(axis=1), dtype=np.int64)


def intersection(attributes: Mapping[str, ArrayLike]) -> Names:
    """(n,) ``female & black``: the values of several attributes as one; `UNKNOWN` where one of them is.

    ValueError where lengths differ, or a value is missing (None, NaN).
    """
    columns = [_named(np.asarray(values)) for values in attributes.values()]
    if len({column.shape for column in columns}) != 1:
        raise ValueError(f"{', '.join(attributes)} are not of the same windows")
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return np.array([UNKNOWN if UNKNOWN in row else _AND.join(row) for row in rows], dtype=np.str_)


def _named(groups: NDArray[np.generic]) -> Names:
    if any(name is None or name != name for name in groups.tolist()):  # noqa: PLR0124 - NaN is not itself
        raise ValueError(f"a group is None or NaN: call it {UNKNOWN!r}")
    return groups.astype(np.str_)


def _by_figure(values: Floats, groups: Names) -> list[str]:
    """Groups in the order of their figures, so that what they are called decides nothing."""
    placed = np.lexsort((values, groups))  # a sum in another order differs in its last bit
    values, (names, index) = values[placed], np.unique(groups[placed], return_inverse=True)
    sizes = np.bincount(index, minlength=len(names))
    order = np.lexsort((sizes, np.bincount(index, weights=values, minlength=len(names)) / sizes))
    return [str(name) for name in names[order]]


def _index(groups: Names, names: Sequence[str]) -> Indices:
    place = {name: k for k, name in enumerate(names)}
    found, index = np.unique(groups, return_inverse=True)
    return np.array([place[str(name)] for name in found], dtype=np.int64)[index]


def _sums(cluster: Indices, group: Indices, weights: Floats | None, groups: int) -> Floats:
    cells = np.bincount(cluster * groups + group, weights=weights, minlength=(int(cluster.max()) + 1) * groups)
    return cells.reshape(-1, groups).astype(np.float64)


def _units(frame: GroupFrame) -> tuple[Units, str]:
    """What may change its group: wearers where all are of one group each, else windows, within a wearer."""
    names, group = np.unique(frame.groups, return_inverse=True)
    if frame.clusters is None:
        everywhere = np.zeros(len(group), dtype=np.int64)
        return Units(frame.values, np.ones(len(group)), group, everywhere), "windows"
    below = _sums(frame.clusters, group, None, len(names))
    if ((below > 0).sum(axis=1) > 1).any():
        return Units(frame.values, np.ones(len(group)), group, frame.clusters), "windows of each wearer"
    above = _sums(frame.clusters, group, frame.values, len(names))
    one = np.zeros(len(below), dtype=np.int64)
    return Units(above.sum(axis=1), below.sum(axis=1), below.argmax(axis=1), one), "wearers"


def _mean(_: Floats, values: Floats) -> float:
    return float(np.mean(values))
