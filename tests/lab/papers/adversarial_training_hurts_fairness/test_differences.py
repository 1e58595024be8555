from __future__ import annotations

import pytest
from scipy import stats

from edgeguard.lab.papers.adversarial_training_hurts_fairness.differences import paired


def test_the_interval_is_that_of_a_paired_t_test():
    ours, theirs = [0.30, 0.35, 0.28, 0.33], [0.20, 0.21, 0.22, 0.24]
    found = paired(ours, theirs)
    oracle = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx((oracle.low, oracle.high))
    assert found["mean"] == pytest.approx(0.0975)
    assert found["verdict"] == "harms"


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ([0.1, 0.11, 0.1], [0.3, 0.32, 0.3], "helps"),
        ([0.1, 0.3, 0.2], [0.2, 0.2, 0.2], "no difference shown"),
        ([0.2001, 0.2001], [0.2, 0.2], "no difference shown"),  # less than the tables show
        ([0.1], [0.3], "one seed tells nothing"),
        ([0.1, None], [0.3, 0.2], "one seed tells nothing"),
    ],
)
def test_a_verdict_follows_from_the_interval(ours, theirs, verdict):
    assert paired(ours, theirs)["verdict"] == verdict


def test_without_a_seed_that_has_both_figures_there_is_no_difference():
    assert paired([None, 0.1], [0.2, None]) is None
