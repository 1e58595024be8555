from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.exits.one_window import PLAIN_SCORES, mean_row, softmax_rows, tempered

LOGITS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-1e3, 1e3, width=32))


@given(LOGITS)
def test_one_window_is_what_the_batch_says(logits):
    rows = softmax_rows(logits.tolist())
    exits = probabilities(logits[None])
    np.testing.assert_allclose(rows, exits[0], atol=1e-12)
    np.testing.assert_allclose(mean_row(rows), ensemble(exits)[0], atol=1e-12)
    assert PLAIN_SCORES.keys() == SCORES.keys()
    for name, score in SCORES.items():
        expected = score(exits)[0]
        assert PLAIN_SCORES[name](rows, mean_row(rows)) == pytest.approx(expected, abs=1e-9), name


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_show_in_the_mean(bad):
    rows = softmax_rows([[0.0, 1.0], [bad, bad]])
    assert not math.isfinite(sum(mean_row(rows)))


@given(st.lists(st.floats(0.0, 1), min_size=2, max_size=5).filter(any), st.floats(0.05, 20))
def test_tempered_mean_is_the_calibrated_ensemble(weights, temperature):
    mean = np.array(weights) / sum(weights)
    np.testing.assert_allclose(tempered(mean.tolist(), temperature), ensemble(mean[None, None], temperature)[0], 1e-12)
