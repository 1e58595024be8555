from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import (
    COMBINED_WEIGHTS,
    SCORES,
    combined,
    confusion,
    entropy,
    in_words,
    mutual_information,
    score_named,
    vote_entropy,
)

LOGITS = arrays(
    np.float64,
    array_shapes(min_dims=3, max_dims=3, max_side=5).filter(lambda shape: shape[2] > 1),
    elements=st.floats(-1000, 1000),
)
OPPOSITE = np.array([[[1.0, 0.0], [0.0, 1.0]]])


def entropy_by_hand(shares):
    return -sum(p * math.log(p) for p in shares if p > 0)


@given(LOGITS)
def test_mutual_information_is_the_entropy_of_the_mean_minus_mean_entropy(logits):
    exits = scipy.special.softmax(logits, axis=-1)
    for window, value in zip(exits, mutual_information(exits), strict=True):
        within = sum(entropy_by_hand(shares) for shares in window) / len(window)
        assert value == pytest.approx(entropy_by_hand(window.mean(axis=0)) - within, abs=1e-9)


@given(LOGITS)
def test_every_score_is_within_its_bounds(logits):
    exits = scipy.special.softmax(logits, axis=-1)
    _, count, classes = exits.shape
    bounds = {
        "mutual_information": math.log(classes),
        "confusion": 2 * (count - 1),
        "vote_entropy": math.log(min(count, classes)),
        "combined": 1.0,
    }
    for name, score in SCORES.items():
        values = score(exits)
        assert values.shape == exits.shape[:1]
        assert (values >= 0).all()
        assert (values <= bounds[name] + 1e-9).all(), name


@pytest.mark.parametrize("name", SCORES)
def test_every_score_is_zero_where_all_exits_agree(name):
    exits = np.repeat(np.array([[[0.7, 0.2, 0.1]], [[1.0, 0.0, 0.0]]]), 4, axis=1)
    np.testing.assert_allclose(score_named(name)(exits), 0, atol=1e-12)


@pytest.mark.parametrize(("name", "value"), [("mutual_information", math.log(2)), ("confusion", 2), ("combined", 1)])
def test_opposite_certainties_disagree_most(name, value):
    assert score_named(name)(OPPOSITE).tolist() == pytest.approx([value])


def test_confusion_by_hand():
    exits = np.array([[[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]]])
    assert confusion(exits).tolist() == pytest.approx([0.8 + 0.2])


def test_vote_entropy_by_hand():
    exits = np.array([[[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]])
    assert vote_entropy(exits).tolist() == pytest.approx([entropy_by_hand([3 / 4, 1 / 4])])


def test_the_weights_of_the_combined_score_are_shares():
    assert math.fsum(COMBINED_WEIGHTS.values()) == pytest.approx(1)
    assert all(0 <= weight <= 1 for weight in COMBINED_WEIGHTS.values())
    assert COMBINED_WEIGHTS.keys() == SCORES.keys() - {"combined"}


@pytest.mark.parametrize(("exits", "classes"), [(5, 2), (2, 5), (4, 4)])
def test_the_combined_score_weighs_each_by_its_largest_value(exits, classes):
    window = scipy.special.softmax(np.random.default_rng(0).normal(0, 3, (1, exits, classes)), axis=-1)
    fewer = math.log(min(exits, classes))
    largest = {"mutual_information": fewer, "confusion": 2 * (exits - 1), "vote_entropy": fewer}
    expected = sum(weight * SCORES[name](window)[0] / largest[name] for name, weight in COMBINED_WEIGHTS.items())
    assert combined(window).tolist() == pytest.approx([expected])


def test_one_exit_never_disagrees():
    one = np.array([[[0.6, 0.4]], [[0.1, 0.9]]])
    assert {name: score(one).tolist() for name, score in SCORES.items()} == {name: [0.0, 0.0] for name in SCORES}


def test_scores_read_as_words():
    assert [in_words(name) for name in ("vote_entropy", "combined")] == ["vote entropy", "combined disagreement"]


def test_entropy_by_hand():
    np.testing.assert_allclose(entropy(np.array([[0.5, 0.5], [1.0, 0.0]])), [math.log(2), 0], atol=1e-15)


def test_scores_do_not_touch_their_input():
    exits = scipy.special.softmax(np.random.default_rng(0).normal(size=(4, 3, 2)), axis=-1)
    before = exits.copy()
    for score in SCORES.values():
        score(exits)
    np.testing.assert_array_equal(exits, before)


def test_unknown_score_names_the_near_match():
    with pytest.raises(
        ConfigError, match=r"no disagreement score is called 'confusoin' \(did you mean 'confusion'\?\)"
    ):
        score_named("confusoin")
