from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import f1_score, precision_recall_fscore_support

from edgeguard.metrics.intervals import share_interval
from edgeguard.metrics.per_class import confusion_matrix, macro_f1, per_class


@pytest.fixture(params=[3, 5])
def verdicts(request):
    """Predictions and labels of rare and common classes; the last class is never said and never true."""
    rng = np.random.default_rng(request.param)
    labels = rng.choice(request.param, 500, p=rng.dirichlet(np.ones(request.param)))
    return np.where(rng.random(500) < 0.7, labels, rng.integers(0, request.param, 500)), labels, request.param + 1


def test_the_confusion_matrix_is_scikit_learns(verdicts):
    predicted, labels, classes = verdicts
    oracle = sklearn_confusion(labels, predicted, labels=range(classes))
    np.testing.assert_array_equal(confusion_matrix(predicted, labels, classes), oracle)


def test_shares_are_scikit_learns_recall_and_precision(verdicts):
    predicted, labels, classes = verdicts
    precision, recall, _, support = precision_recall_fscore_support(
        labels, predicted, labels=range(classes), zero_division=np.nan
    )
    rows = per_class(predicted, labels, classes)
    assert [row.windows for row in rows] == support.tolist()
    np.testing.assert_allclose([np.nan if row.sensitivity is None else row.sensitivity for row in rows], recall)
    found = [np.nan if row.positive_predictivity is None else row.positive_predictivity for row in rows]
    np.testing.assert_allclose(found, precision)


def test_macro_f1_is_scikit_learns_over_the_classes_that_occur(verdicts):
    predicted, labels, _ = verdicts
    oracle = f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)
    assert macro_f1(predicted, labels) == pytest.approx(oracle)


def test_intervals_are_of_the_right_counts():
    predicted, labels = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    first, second = per_class(predicted, labels, 2)
    assert first.sensitivity_interval == second.positive_predictivity_interval == share_interval(2, 2)
    assert first.positive_predictivity_interval == second.sensitivity_interval == share_interval(2, 3)


def test_a_class_without_windows_has_no_share_and_an_interval_that_says_nothing():
    row = per_class(np.array([0, 0]), np.array([0, 0]), 2)[1]
    assert (row.sensitivity, row.positive_predictivity, row.sensitivity_interval) == (None, None, (0.0, 1.0))
