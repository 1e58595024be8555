from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgeguard.exits.ensemble import ensemble, probabilities

LOGITS = arrays(np.float32, array_shapes(min_dims=1, max_dims=4, max_side=5), elements=st.floats(-1e4, 1e4, width=32))


@given(LOGITS)
def test_probabilities_are_scipys_softmax(logits):
    expected = scipy.special.softmax(logits.astype(np.float64), axis=-1)
    before = logits.copy()
    np.testing.assert_allclose(probabilities(logits), expected, atol=1e-12)
    np.testing.assert_array_equal(logits, before)


def test_ensemble_is_the_mean_over_exits_by_hand():
    exits = np.array([[[1.0, 0.0], [0.5, 0.5], [0.6, 0.4]]])
    np.testing.assert_allclose(ensemble(exits), [[0.7, 0.3]])


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=5), st.floats(0.05, 20))
def test_a_temperature_divides_the_logarithm_of_the_mean(weights, temperature):
    mean = np.array(weights) / sum(weights)
    expected = scipy.special.softmax(np.log(mean) / temperature)
    np.testing.assert_allclose(ensemble(mean[None, None], temperature)[0], expected, atol=1e-9)


def test_a_low_temperature_does_not_underflow():
    np.testing.assert_allclose(ensemble(np.full((1, 1, 500), 0.002), 0.05), 0.002)


def test_one_exit_is_its_own_ensemble():
    only = probabilities(np.array([[[2.0, -1.0, 0.5]]]))
    np.testing.assert_array_equal(ensemble(only), only[:, 0])


def test_huge_logits_do_not_overflow():
    assert probabilities([[1e30, 0.0]]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.int64])
def test_whatever_comes_in_float64_comes_out(kind):
    assert probabilities(np.zeros((1, 2, 2), kind)).dtype == np.float64
