from __future__ import annotations

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from sklearn.metrics import recall_score

from edgeguard.metrics.fairness import (
    class_wise_accuracy_unfairness,
    equalized_odds_unfairness,
    largest_gap,
    mean_by_group,
)


def test_cau_of_classes_is_the_gap_of_their_recalls():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 4, (2, 500))
    recalls = recall_score(labels, predicted, average=None)
    assert class_wise_accuracy_unfairness(labels == predicted, labels) == pytest.approx(np.ptp(recalls))


def test_eou_is_fairlearns_difference_of_mean_confidences():
    rng = np.random.default_rng(1)
    confidence, groups = rng.uniform(0, 1, 300), rng.choice(["f", "m", "x"], 300)
    frame = MetricFrame(metrics=lambda _, c: c.mean(), y_true=confidence, y_pred=confidence, sensitive_features=groups)
    assert equalized_odds_unfairness(confidence, groups) == pytest.approx(frame.difference())
    assert mean_by_group(confidence, groups) == pytest.approx(frame.by_group.to_dict())


def test_largest_gap_names_the_worst_pair_of_the_papers_table():
    """Table V, the robust classifier on D_1."""
    robust = {"White": 0.754, "Asian": 0.763, "Indian american": 0.64, "Black": 0.658, "Other": 0.642}
    gap, highest, lowest = largest_gap(robust)
    assert (round(gap, 3), highest, lowest) == (0.123, "Asian", "Indian american")


@pytest.mark.parametrize("values", [[0.1, np.nan], [0.1]])
def test_values_that_are_no_numbers_or_too_few_are_refused(values):
    with pytest.raises(ValueError, match="as many, and finite"):
        mean_by_group(np.array(values), np.array(["a", "b"]))
