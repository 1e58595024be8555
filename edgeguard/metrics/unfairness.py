"""Unfairness as "Adversarial Training Negatively Affects Fairness" (Sooksatra and Rivas) defines it: 0 is fair.

On plain arrays; fairlearn does the grouping. Each figure comes with its interval, a permutation p-value, the two worst
groups by name and every group's size; or it is undefined and says why. docs/fairness.md tells what they mean.

    class_wise_accuracy(correct, classes) -> Unfairness                   CAU, Definition 1
    class_wise_robustness_epsilon(least_epsilons, classes) -> Unfairness  CRU_ε, Definition 2
    class_wise_robustness_success(success, classes) -> Unfairness         CRU_s, Definition 2
    equalized_odds(confidence, attribute) -> Unfairness                   EOU, Definition 4
    worst_accuracy(correct, classes) -> Worst                             the lowest accuracy and whose it is
    leave_one_out(confidences_full, confidences_left_out) -> LeaveOneOut  LUF, LUF_t, LUF_l, Definition 3
    intersection({"sex": sex, "race": race}) -> (n,) "female & black"     several attributes as one

Groups may be classes or the values of any attribute; a group ``unknown`` is counted and not compared. All but the last
take the keywords ``clusters`` (whose window each is: wearers are drawn again and permuted, not windows), ``names``
(groups that ought to be there) and ``sampling`` (`Sampling`: confidence, resamples, permutations, seed).
Unequal lengths are a ValueError; a value that is not finite makes the result undefined.
``Unfairness.groups`` holds each group's own figure: the accuracy, robust accuracy, success rate, mean least ε or mean
confidence, as an `Estimate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from edgeguard.metrics.figures import Unfairness, Worst
from edgeguard.metrics.group_frame import (
    DEFAULT,
    Sampling,
    compared,
    framed,
    intersection,
    known_only,
    unfairness,
)
from edgeguard.metrics.groups import Scale
from edgeguard.metrics.leave_one_out import LeaveOneOut, LeaveOneOutFigures, leave_one_out

__all__ = [
    "LeaveOneOut",
    "LeaveOneOutFigures",
    "Sampling",
    "class_wise_accuracy",
    "class_wise_robustness_epsilon",
    "class_wise_robustness_success",
    "equalized_odds",
    "intersection",
    "leave_one_out",
    "worst_accuracy",
]


def class_wise_accuracy(
    correct: ArrayLike,
    classes: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    names: Sequence[str] = (),
    sampling: Sampling = DEFAULT,
) -> Unfairness:
    """CAU = max_{u,u'} |Acc(F, D_u) - Acc(F, D_u')| in [0, 1] (Definition 1).

    Args:
        correct: (n,) whether the verdict is right, clean or under an attack.
        classes: (n,) the window's class, or its value of an attribute.
        clusters: (n,) whose window each is.
        names: Groups that ought to be there.
        sampling: How chance is told.
    """
    return _gap(correct, classes, clusters, names, "share", sampling)


def class_wise_robustness_success(
    success: ArrayLike,
    classes: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    names: Sequence[str] = (),
    sampling: Sampling = DEFAULT,
) -> Unfairness:
    """CRU_s = max_{y,y'} |SR(F, D_y, ε) - SR(F, D_y', ε)| in [0, 1] (Definition 2).

    Args:
        success: (n,) whether the attack within ε had success on the window. Give those windows alone that it was to
            mislead, where windows that are wrong without it shall not count.
        classes: (n,) the window's class, or its value of an attribute.
        clusters: (n,) whose window each is.
        names: Groups that ought to be there.
        sampling: How chance is told.
    """
    return _gap(success, classes, clusters, names, "share", sampling)


def class_wise_robustness_epsilon(
    least_epsilons: ArrayLike,
    classes: ArrayLike,
    *,
    most: float | None = None,
    clusters: ArrayLike | None = None,
    names: Sequence[str] = (),
    sampling: Sampling = DEFAULT,
) -> Unfairness:
    """CRU_ε = max_{y,y'} |LE(F, D_y) - LE(F, D_y')| (Definition 2), in the unit of ε; at least 0.

    Args:
        least_epsilons: (n,) least ε that misleads each window; infinite where none that was tried does.
        classes: (n,) the window's class, or its value of an attribute.
        most: The largest ε that was tried, as which infinite ones count: their group's LE is then too low. Without it
            the result is undefined where there are any.
        clusters: (n,) whose window each is.
        names: Groups that ought to be there.
        sampling: How chance is told.
    """
    found = np.asarray(least_epsilons, dtype=np.float64)
    endless = int(np.isposinf(found).sum())
    if not endless:
        return _gap(found, classes, clusters, names, "amount", sampling)
    note = f"{endless} of {len(found)} windows withstand every ε that was tried"
    if most is None:
        return Unfairness(None, None, None, reason=f"{note}: give the largest as `most` to count them as that")
    capped = _gap(np.where(np.isposinf(found), most, found), classes, clusters, names, "amount", sampling)
    return replace(capped, notes=(f"{note}; they count as ε = {most:g}, so that a mean with them is too low",))


def equalized_odds(
    confidence: ArrayLike,
    attribute: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    names: Sequence[str] = (),
    sampling: Sampling = DEFAULT,
) -> Unfairness:
    """EOU = max_{i,j} |E[F(x)_y | a = i] - E[F(x)_y | a = j]| in [0, 1] (Definition 4).

    Args:
        confidence: (n,) F(x)_y of the windows of D, or of one true class D_y, as the paper's Tables IV and V have it.
        attribute: (n,) value of the attribute.
        clusters: (n,) whose window each is.
        names: Values that ought to be there.
        sampling: How chance is told.
    """
    return _gap(confidence, attribute, clusters, names, "mean", sampling)


def worst_accuracy(
    correct: ArrayLike,
    classes: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    names: Sequence[str] = (),
    sampling: Sampling = DEFAULT,
) -> Worst:
    """min_u Acc(F, D_u) and its group; the arguments are those of `class_wise_accuracy`.

    Groups' intervals hold together (Šidák), so that the worst lies between the lowest of their ends.
    """
    frame = known_only(framed(correct, classes, clusters, names))
    if reason := frame.broken("share"):
        return Worst(None, None, None, 0, 0, reason)
    present = sorted(set(frame.groups.tolist()))
    together = replace(sampling, confidence=sampling.confidence ** (1 / len(present)))
    groups = compared(frame, present, "share", together).groups
    named = [(group, name) for group, name in zip(groups, present, strict=True) if group.value is not None]
    if not named:
        return Worst(None, None, None, 0, 0, f"no group has 2 {frame.named}")
    worst, name = min(named, key=lambda pair: pair[0].value or 0.0)
    low, high = (min(end) for end in zip(*((group.low or 0.0, group.high or 0.0) for group, _ in named), strict=True))
    return Worst(worst.value, low, high, worst.clusters, worst.count, group=name)


def _gap(
    values: ArrayLike,
    groups: ArrayLike,
    clusters: ArrayLike | None,
    names: Sequence[str],
    scale: Scale,
    sampling: Sampling,
) -> Unfairness:
    return unfairness(known_only(framed(values, groups, clusters, names)), scale, sampling)
