from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import beta, mannwhitneyu
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error, multiclass_f1_score

from edgeguard.metrics import calibration, classification, detection, intervals


@pytest.fixture(params=[2, 5])
def verdicts(request):
    rng = np.random.default_rng(request.param)
    probabilities = rng.dirichlet(np.ones(request.param), 400)
    labels = np.where(rng.random(400) < 0.6, probabilities.argmax(1), rng.integers(0, request.param, 400))
    return probabilities, labels


def test_weighted_f1_agrees_with_torchmetrics(verdicts):
    probabilities, labels = verdicts
    oracle = multiclass_f1_score(
        torch.tensor(probabilities), torch.tensor(labels), probabilities.shape[1], average="weighted"
    )
    assert classification.weighted_f1(probabilities, labels) == pytest.approx(float(oracle), abs=1e-6)


@pytest.mark.parametrize("bins", [10, 15])
def test_ece_agrees_with_torchmetrics(verdicts, bins):
    probabilities, labels = verdicts
    oracle = multiclass_calibration_error(
        torch.tensor(probabilities), torch.tensor(labels), probabilities.shape[1], n_bins=bins, norm="l1"
    )
    ours = calibration.expected_calibration_error(probabilities, labels, bins)
    assert ours == pytest.approx(float(oracle), abs=1e-6)


def test_ece_bins_are_closed_on_the_right():
    table = calibration.reliability(np.array([[0.6, 0.4], [0.61, 0.39]]), np.array([0, 1]), bins=5)
    assert table.counts.tolist() == [0, 0, 1, 1, 0]


def test_likelihood_and_brier_agree_with_sklearn(verdicts):
    probabilities, labels = verdicts
    classes = np.arange(probabilities.shape[1])
    assert calibration.negative_log_likelihood(probabilities, labels) == pytest.approx(
        log_loss(labels, probabilities, labels=classes)
    )
    if len(classes) == 2:  # sklearn's Brier score counts one of the two classes
        expected = 2 * brier_score_loss(labels, probabilities[:, 1])
        assert calibration.brier_score(probabilities, labels) == pytest.approx(expected)


def test_accuracy_counts_hits():
    assert classification.accuracy(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0])) == 0.5


def test_auroc_is_the_mann_whitney_statistic():
    rng = np.random.default_rng(0)
    clean, attacked = rng.normal(0, 1, 200).round(1), rng.normal(1, 1, 150).round(1)
    oracle = mannwhitneyu(attacked, clean).statistic / (200 * 150)
    assert detection.auroc(clean, attacked) == pytest.approx(oracle)


def test_tpr_at_fpr_by_hand():
    clean, attacked = np.arange(100.0), np.array([98.5, 50.0, 200.0, 99.0])
    assert detection.tpr_at_fpr(clean, attacked, 0.01) == 0.75  # threshold 98.5 costs one clean window of 100
    assert detection.tpr_at_fpr(clean, attacked, 0.0) == 0.25


def test_share_interval_is_clopper_pearson():
    low, high = intervals.share_interval(3, 500)
    assert low == pytest.approx(beta.ppf(0.025, 3, 498))
    assert high == pytest.approx(beta.ppf(0.975, 4, 497))
    assert intervals.share_interval(0, 0) == (0.0, 1.0)


def test_alarm_share_is_a_share_with_its_exact_interval():
    found = detection.alarm_share(np.arange(10.0), threshold=7.0)
    assert (found.value, found.count, found.reason) == (0.2, 10, "")  # on the threshold is not over it
    assert (found.low, found.high) == pytest.approx(intervals.share_interval(2, 10))


def test_what_no_windows_tell_is_undefined_with_a_reason():
    nothing, some = np.array([]), np.array([1.0])
    assert detection.alarm_share(nothing, 0.5, "harmful windows").reason == "there are no harmful windows"
    assert detection.separation(some, nothing).reason == "there are no attacked windows"
    assert detection.separation(nothing, some).reason == "there are no clean windows"
    assert detection.separation(some, nothing).value is None


def test_scores_that_are_not_finite_are_told_and_never_counted():
    bad = np.array([1.0, np.nan, np.inf])
    for found in (detection.alarm_share(bad, 0.5), detection.separation(np.array([0.0]), bad)):
        assert found.value is None
        assert found.reason.startswith("2 of ")


def test_separation_is_the_auroc():
    clean, attacked = np.array([0.0, 1.0]), np.array([1.0, 2.0])
    assert detection.separation(clean, attacked).value == detection.auroc(clean, attacked) == 0.875
