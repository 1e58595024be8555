from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.errors import ConfigError
from edgeguard.exits.threshold import conformal_threshold, windows_needed


@pytest.mark.parametrize(
    ("n", "rate", "rank"), [(99, 0.01, 99), (199, 0.01, 198), (9, 0.1, 9), (10, 0.5, 6), (1, 0.5, 1)]
)
def test_threshold_is_the_conformal_rank_by_hand(n, rate, rank):
    scores = np.random.default_rng(0).permutation(np.arange(1, n + 1))
    assert conformal_threshold(scores, rate) == rank


@pytest.mark.parametrize("draw", ["exponential", "integers"])
def test_promise_holds_on_exchangeable_draws(draw):
    rng = np.random.default_rng(0)
    trials, n, rate = 4000, 99, 0.05
    scores = rng.exponential(size=(trials, n + 1)) if draw == "exponential" else rng.integers(0, 5, (trials, n + 1))
    alarms = [row[-1] > conformal_threshold(row[:-1], rate) for row in scores]
    spread = 4 * np.sqrt(rate * (1 - rate) / trials)
    assert np.mean(alarms) <= rate + spread
    if draw == "exponential":  # without ties the promise is also used up
        assert np.mean(alarms) >= rate - spread


@given(st.integers(1, 300), st.floats(0.005, 0.99))
def test_leaving_out_each_score_in_turn_keeps_the_rate(n, rate):
    scores = np.arange(n + 1)
    if n < windows_needed(rate):
        with pytest.raises(ConfigError, match=f"{n} calibration windows cannot promise"):
            conformal_threshold(scores[:-1], rate)
    else:
        alarms = sum(scores[i] > conformal_threshold(np.delete(scores, i), rate) for i in range(n + 1))
        assert alarms <= rate * (n + 1) + 1e-6


def test_windows_needed_by_hand():
    assert [windows_needed(rate) for rate in (0.5, 0.1, 0.05, 0.01)] == [1, 9, 19, 99]


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        conformal_threshold(np.ones(100), rate)


def test_score_that_is_not_finite_is_refused():
    with pytest.raises(ConfigError, match="look for NaN"):
        conformal_threshold([0.1, np.nan], 0.5)
