from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.errors import ConfigError
from edgeguard.exits.agreement import agrees, calibrate_agreement, of_stages_used, stages_used, windows_needed
from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import ensemble, probabilities

RANDOM = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 4), st.sampled_from([0.3, 1.0, 3.0]))


def exits_of(seed, exits, classes, scale, n=30):
    """Probabilities (n, exits, classes) of exits that mostly lean the same way."""
    rng = np.random.default_rng(seed)
    lean = rng.normal(0, scale, (n, 1, classes))
    return probabilities(lean + rng.normal(0, 1, (n, exits, classes)))


def stages_by_hand(exits, confidence, min_exits):
    for k in range(min_exits, len(exits) + 1):
        choices = {int(row.argmax()) for row in exits[:k]}
        if len(choices) == 1 and exits[:k].mean(axis=0).max() >= confidence:
            return k
    return len(exits)


@given(RANDOM, st.floats(0.3, 1.0), st.integers(2, 3))
def test_it_stops_at_the_first_exits_that_agree(drawn, confidence, min_exits):
    exits = exits_of(*drawn)
    found = stages_used(exits, confidence, min_exits)
    assert found.tolist() == [stages_by_hand(window, confidence, min_exits) for window in exits]


@given(RANDOM, st.floats(0.3, 1.0), st.integers(2, 3))
def test_one_window_in_plain_floats_stops_where_the_batch_does(drawn, confidence, min_exits):
    exits = exits_of(*drawn)
    for window, stages in zip(exits.tolist(), stages_used(exits, confidence, min_exits), strict=True):
        said = [agrees(window[:k], confidence, min_exits) for k in range(1, len(window) + 1)]
        assert (said.index(True) + 1 if any(said) else len(window)) == stages


def test_exits_that_are_not_finite_never_agree():
    assert not agrees([[1.0, 0.0], [np.nan, np.nan]], 0.5)
    assert not agrees([[np.nan, np.nan]] * 3, 0.5)


@pytest.mark.parametrize("score", SCORES)
def test_scores_are_of_the_exits_that_were_run(score):
    exits = exits_of(0, 4, 3, 1.0, n=300)
    stages = stages_used(exits, 0.6)
    assert set(stages) == {2, 3, 4}
    found = of_stages_used(SCORES[score], exits, stages)
    expected = [SCORES[score](window[None, :k])[0] for window, k in zip(exits, stages, strict=True)]
    np.testing.assert_allclose(found, expected)


def bound(lost, n):
    return scipy.stats.binomtest(lost, n, alternative="less").proportion_ci(0.95, method="exact").high


def lost_at(exits, labels, confidence):
    policy = of_stages_used(ensemble, exits, stages_used(exits, confidence)).argmax(axis=1)
    return int(((ensemble(exits).argmax(axis=1) == labels) & (policy != labels)).sum())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("accuracy_loss", [0.005, 0.01, 0.03])
def test_the_confidence_is_the_smallest_that_keeps_the_bound_from_there_on(seed, accuracy_loss):
    exits = exits_of(seed, 4, 3, 1.0, n=800)
    labels = ensemble(exits).argmax(axis=1)
    labels[:100] = (labels[:100] + 1) % 3
    found = calibrate_agreement(exits, labels, accuracy_loss)
    higher = np.linspace(found, 1.0, 20)
    assert all(bound(lost_at(exits, labels, confidence), 800) <= accuracy_loss for confidence in higher)
    assert bound(lost_at(exits, labels, found - 2e-6), 800) > accuracy_loss


def test_exits_that_never_mislead_may_stop_as_soon_as_they_agree():
    exits = np.repeat(exits_of(1, 1, 3, 1.0, n=400), 3, axis=1)
    confidence = calibrate_agreement(exits, exits[:, 0].argmax(axis=1), 0.01)
    assert (stages_used(exits, confidence) == 2).all()


def test_the_bound_holds_on_new_windows_as_often_as_stated():
    broken, trials = 0, 100
    every = exits_of(7, 3, 2, 1.0, n=10_000)
    labels = np.random.default_rng(7).permutation(10_000) % 2
    rng = np.random.default_rng(8)
    for _ in range(trials):
        drawn = rng.integers(0, 10_000, 300)
        confidence = calibrate_agreement(every[drawn], labels[drawn], 0.03)
        broken += lost_at(every, labels, confidence) / 10_000 > 0.03
    assert broken / trials <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / trials)


@pytest.mark.parametrize(("loss", "needed"), [(0.05, 59), (0.02, 149), (0.01, 299), (0.005, 598)])
def test_too_few_windows_give_no_confidence(loss, needed):
    exits = np.tile([[0.9, 0.1], [0.8, 0.2]], (needed, 1, 1))
    labels = np.zeros(needed, dtype=np.int64)
    assert windows_needed(loss) == needed
    assert calibrate_agreement(exits, labels, loss) is not None
    assert calibrate_agreement(exits[1:], labels[1:], loss) is None


def test_certainty_that_misleads_too_often_gives_no_confidence():
    exits = np.tile([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]], (400, 1, 1))
    assert calibrate_agreement(exits, np.ones(400, dtype=np.int64), 0.01) is None


@pytest.mark.parametrize("loss", [0.0, 1.0, -0.1])
def test_a_loss_outside_its_range_is_refused(loss):
    with pytest.raises(ConfigError, match="accuracy loss must lie between 0 and 1"):
        calibrate_agreement(np.full((9, 2, 2), 0.5), np.zeros(9, dtype=np.int64), loss)
