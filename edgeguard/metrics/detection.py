"""How well a score tells attacked windows from clean ones; higher scores should mean attacked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from edgeguard.metrics.classification import Floats


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


def _labelled(clean: Floats, attacked: Floats) -> tuple[NDArray[np.int64], Floats]:
    labels = np.repeat([0, 1], [len(clean), len(attacked)])
    return labels, np.concatenate([clean, attacked])
