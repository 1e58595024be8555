from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from edgeguard.errors import ConfigError
from edgeguard.signals.preprocessing import STEPS, center, preprocess, zscore


@pytest.fixture
def windows():
    return (np.random.default_rng(0).normal(size=(3, 2, 50)) * [[2], [0.1]] + [[5], [-1]]).astype(np.float32)


def test_zscore_is_scipys(windows):
    np.testing.assert_allclose(zscore(windows), scipy.stats.zscore(windows.astype(np.float64), axis=-1), atol=1e-4)


def test_center_removes_the_mean_and_keeps_the_unit(windows):
    np.testing.assert_allclose(center(windows), windows - windows.mean(axis=-1, keepdims=True), atol=1e-6)


def test_flat_channel_becomes_zero():
    np.testing.assert_array_equal(zscore(np.full((1, 1, 9), 3.3, np.float32)), np.zeros((1, 1, 9)))


@pytest.mark.parametrize("name", STEPS)
def test_steps_keep_shape_and_type_and_do_not_touch_their_input(windows, name):
    before = windows.copy()
    result = preprocess(windows, [name])
    assert (result.shape, result.dtype) == (windows.shape, np.float32)
    np.testing.assert_array_equal(windows, before)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_step_hides_what_is_not_finite(windows, name, value):
    windows[1, 0, 7] = value
    with np.errstate(invalid="ignore"):
        found = np.isfinite(preprocess(windows, [name])).all(axis=(1, 2))
    assert found.tolist() == [True, False, True]


def test_steps_apply_in_order_and_an_unknown_one_names_the_near_match(windows):
    np.testing.assert_array_equal(preprocess(windows, ["center", "zscore"]), zscore(center(windows)))
    with pytest.raises(ConfigError, match=r"no preprocessing step is called 'zscor' \(did you mean 'zscore'\?\)"):
        preprocess(windows, ["zscor"])
