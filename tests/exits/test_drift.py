from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeguard.errors import ConfigError
from edgeguard.exits.drift import (
    LEVELS,
    Cusum,
    DriftDetector,
    SlowdownDetector,
    clean_quantiles,
    cusum_limit,
    evidence_steps,
)

STAGES = (0.0, 0.9, 0.07, 0.02, 0.01)


def mean_run(detector, draw, runs):
    """Mean number of windows until the sum is over the limit, over so many runs in one stream."""
    found, windows = 0, 0
    while found < runs:
        for value in draw(10_000):
            windows += 1
            if detector.add(value) > detector.limit:
                found += 1
                detector.reset()
    return windows / found


def test_quantiles_are_the_conformal_ranks_by_hand():
    scores = np.random.default_rng(0).permutation(np.arange(1, 100))
    assert clean_quantiles(scores) == (*range(5, 100, 5), 98, 99)
    assert len(clean_quantiles(np.arange(999))) == len(LEVELS)


@given(st.integers(1, 60), st.integers(1, 8))
def test_a_new_window_is_beyond_a_quantile_no_more_often_than_its_level_says(n, values):
    scores = np.random.default_rng(n).integers(0, values, n + 1)
    beyond = np.zeros(len(LEVELS))
    for left_out in range(n + 1):
        quantiles = np.array(clean_quantiles(np.delete(scores, left_out)))
        beyond[: len(quantiles)] += scores[left_out] > quantiles
    assert (beyond <= (n + 1) * (1 - np.array(LEVELS)) + 1e-6).all()


def test_evidence_is_the_log_ratio_of_the_doubled_exponential():
    # categories of a unit exponential against one of mean 2, whose density ratio is exp(x / 2) / 2
    edges = np.linspace(0, 5, 100)
    shares = np.diff([*(1 - np.exp(-edges)), 1.0])
    middles = (edges[:-1] + edges[1:]) / 2
    np.testing.assert_allclose(evidence_steps(shares)[:-1] / 32, middles / 2 - np.log(2), atol=1.1 / 32)
    clean, drifted = np.array([0.5, 0.3, 0.2]), np.diff([0, 1 - np.sqrt(0.5), 1 - np.sqrt(0.2), 1])
    np.testing.assert_array_equal(evidence_steps(clean), np.floor(32 * np.log(drifted / clean)))


def test_clean_windows_alarm_as_seldom_as_asked():
    rng = np.random.default_rng(1)
    detector = DriftDetector(clean_quantiles(rng.gamma(0.5, 0.01, 400_000)), 500)
    length = mean_run(detector, lambda n: rng.gamma(0.5, 0.01, n).tolist(), 1500)
    assert length == pytest.approx(500, rel=0.15)


def test_scores_of_few_values_alarm_no_more_often_and_still_find_drift():
    rng, values = np.random.default_rng(1), [0.0, 0.5, 0.67]
    detector = DriftDetector(clean_quantiles(rng.choice(values, 9_999, p=[0.92, 0.06, 0.02])), 500)
    assert mean_run(detector, lambda n: rng.choice(values, n, p=[0.92, 0.06, 0.02]).tolist(), 150) > 500
    assert mean_run(detector, lambda n: rng.choice(values, n, p=[0.72, 0.14, 0.14]).tolist(), 500) < 40


def test_clean_windows_give_a_false_slowdown_as_seldom_as_asked():
    rng = np.random.default_rng(2)
    detector = SlowdownDetector(STAGES, 500)
    length = mean_run(detector, lambda n: (rng.choice(5, n, p=STAGES) + 1).tolist(), 1500)
    assert length == pytest.approx(500, rel=0.15)


def test_drift_that_no_single_window_shows_is_found_soon():
    rng = np.random.default_rng(3)
    detector = DriftDetector(clean_quantiles(rng.exponential(size=20_000)), 100_000)
    assert mean_run(detector, lambda n: rng.exponential(2.0, n).tolist(), 500) < 40
    assert mean_run(detector, lambda n: rng.exponential(5.0, n).tolist(), 500) < 12


def test_windows_that_take_all_stages_are_found_at_once():
    detector = SlowdownDetector(STAGES, 100_000)
    sums = [detector.add(5) for _ in range(10)]
    assert sums[0] < detector.limit < sums[7]
    for _ in range(200):
        last = detector.add(2)
    assert last == 0


def test_a_limit_that_is_one_step_lower_alarms_too_often():
    # by the definition, on a chain small enough for a simulation: two categories
    shares, asked = (0.9, 0.1), 300.0
    limit = cusum_limit(shares, asked)
    rng = np.random.default_rng(4)
    up, down = (evidence_steps(shares)[k] / 32 for k in (1, 0))
    for tried, expected in ((limit, True), (limit - 1.0, False)):
        total = runs = windows = 0
        for high in rng.random(600_000) < 0.1:
            windows += 1
            total = max(total + (up if high else down), 0)
            if total > tried:
                total, runs = 0, runs + 1
        assert (windows / runs > 0.9 * asked) is expected


def test_the_sum_never_falls_below_nothing_nor_grows_without_end():
    detector = Cusum((0.5, 0.5), 100)
    assert detector.add_category(0) == 0
    assert max(detector.add_category(1) for _ in range(1000)) == 2 * (detector.limit + 1)
    detector.reset()
    assert detector.add_category(0) == 0


def test_a_stage_that_calibration_never_saw_is_strong_evidence_not_an_error():
    detector = SlowdownDetector((0.0, 1.0, 0.0), 10_000)
    assert detector.add(2) == 0
    assert detector.add(3) > 1
    assert detector.add(3) > detector.limit


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=8).filter(lambda shares: sum(shares) > 0.1))
def test_any_shares_have_a_limit_that_clean_windows_seldom_pass(shares):
    detector = SlowdownDetector([share / sum(shares) for share in shares], 100_000)
    assert 0 <= detector.limit < 16
    assert detector.add(1) == 0


def test_where_all_windows_take_all_stages_there_is_nothing_to_find():
    detector = SlowdownDetector((0.0, 0.0, 1.0), 1000)
    assert max(detector.add(3) for _ in range(100)) == 0 == detector.limit


@pytest.mark.parametrize("windows", [0, 0.5, 2e9, float("nan")])
def test_an_interval_that_cannot_be_promised_is_refused(windows):
    with pytest.raises(ConfigError, match="between false alarms must lie between 1 and 1e\\+09"):
        cusum_limit((0.5, 0.5), windows)


def test_what_was_not_calibrated_or_judged_is_a_slip_of_the_caller():
    with pytest.raises(ValueError, match="no clean quantiles"):
        DriftDetector((), 1000)
    with pytest.raises(ValueError, match="at least one stage, not 0"):
        SlowdownDetector(STAGES, 1000).add(0)
