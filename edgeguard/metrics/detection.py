"""How well a score tells attacked windows from clean ones; higher scores should mean attacked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from edgeguard.metrics.classification import Floats
from edgeguard.metrics.figures import Estimate, undefined
from edgeguard.metrics.intervals import share_interval


def auroc(clean: Floats, attacked: Floats) -> float:
    """Area under the ROC curve: the chance that an attacked window scores higher than a clean one, ties half."""
    return float(roc_auc_score(*_labelled(clean, attacked)))


def roc(clean: Floats, attacked: Floats) -> tuple[Floats, Floats]:
    """False-positive and true-positive rates over all thresholds, both rising from 0 to 1."""
    false_positive_rate, true_positive_rate, _ = roc_curve(*_labelled(clean, attacked))
    return false_positive_rate, true_positive_rate


def tpr_at_fpr(clean: Floats, attacked: Floats, fpr: float = 0.01) -> float:
    """Largest true-positive rate of any threshold whose false-positive rate is at most `fpr`."""
    false_positive_rate, true_positive_rate = roc(clean, attacked)
    return float(true_positive_rate[false_positive_rate <= fpr].max())


def separation(clean: Floats, attacked: Floats) -> Estimate:
    """`auroc`, without an interval; undefined where there are no windows of a kind or a score is not finite."""
    windows = len(clean) + len(attacked)
    if not len(clean) or not len(attacked):
        return undefined(f"there are no {'attacked' if len(clean) else 'clean'} windows", windows, windows)
    if reason := _not_finite(np.concatenate([clean, attacked])):
        return undefined(reason, windows, windows)
    return Estimate(auroc(clean, attacked), None, None, windows, windows)


def alarm_share(scores: Floats, threshold: float, windows: str = "windows") -> Estimate:
    """The share of scores (n,) over `threshold`, with its exact 95 % interval for independent windows.

    On attacked windows it is the true-positive rate, on clean ones the false-alarm rate that was observed. Take the
    threshold from other, clean windows (`edgeguard.exits.threshold.conformal_threshold`): one that has seen these
    promises nothing. Undefined where there are no `windows`, which is what the reason calls them, or a score is NaN.
    """
    count = len(scores)
    if not count:
        return undefined(f"there are no {windows}")
    if reason := _not_finite(scores):
        return undefined(reason, count, count)
    alarms = int((np.asarray(scores) > threshold).sum())
    return Estimate(alarms / count, *share_interval(alarms, count), count, count)


def _not_finite(scores: Floats) -> str:
    bad = int((~np.isfinite(scores)).sum())
    return f"{bad} of {len(scores)} scores are not finite" if bad else ""


def _labelled(clean: Floats, attacked: Floats) -> tuple[NDArray[np.int64], Floats]:
    labels = np.repeat([0, 1], [len(clean), len(attacked)])
    return labels, np.concatenate([clean, attacked])
