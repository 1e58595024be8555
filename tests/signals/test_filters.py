from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import butter, sosfilt, sosfilt_zi

from edgeguard.errors import ConfigError
from edgeguard.signals.filter_design import sections
from edgeguard.signals.filters import StreamingFilter
from edgeguard.signals.spec import FilterSpec

BAND = FilterSpec(kind="bandpass", hz=(0.5, 40.0), order=3)
NOTCH = FilterSpec(kind="notch", hz=(50.0,))


def noise(n, channels=2, seed=0):
    return (np.random.default_rng(seed).normal(size=(channels, n)) + [[5.0]] * channels).astype(np.float32)


def offline(sos, x):
    start = sosfilt_zi(sos)[:, None, :] * x[None, :, :1]
    return sosfilt(sos, x.astype(np.float64), zi=start)[0]


@given(sizes=st.lists(st.integers(0, 200), min_size=1, max_size=8))
def test_chunks_of_any_size_give_what_scipy_gives_at_once(sizes):
    x = noise(sum(sizes))
    filter_ = StreamingFilter((BAND, NOTCH), 360.0, 2)
    found = np.concatenate([filter_.feed(part) for part in np.split(x, np.cumsum(sizes)[:-1], axis=1)], axis=1)
    assert found.dtype == np.float32
    assert found.shape == x.shape
    if x.size:
        np.testing.assert_allclose(found, offline(sections((BAND, NOTCH), 360.0), x), atol=2e-6)


@pytest.mark.parametrize("spec", [FilterSpec(kind="highpass", hz=(0.05,), order=8), BAND])
def test_a_long_narrow_filter_keeps_its_precision(spec):
    x = noise(50_000)
    hz = spec.hz if len(spec.hz) > 1 else spec.hz[0]
    expected = offline(butter(spec.order, hz, spec.kind, fs=500, output="sos"), x)
    np.testing.assert_allclose(StreamingFilter((spec,), 500.0, 2).feed(x), expected, atol=1e-5)


def test_an_electrodes_offset_makes_no_transient():
    x = np.array([[300.0], [-20.0]], np.float32) * np.ones((2, 500), np.float32)
    assert np.abs(StreamingFilter((BAND,), 128.0, 2).feed(x)).max() < 1e-9
    low = StreamingFilter((FilterSpec(kind="lowpass", hz=(40.0,)),), 128.0, 2).feed(x)
    np.testing.assert_allclose(low, x, rtol=1e-6)


def test_after_a_restart_the_past_is_forgotten():
    filter_ = StreamingFilter((BAND,), 128.0, 2)
    filter_.feed(noise(333, seed=1))
    filter_.restart()
    np.testing.assert_array_equal(filter_.feed(noise(80)), StreamingFilter((BAND,), 128.0, 2).feed(noise(80)))


@pytest.mark.parametrize("spec", [BAND, NOTCH, FilterSpec(kind="highpass", hz=(0.5,), order=1)])
def test_what_was_before_is_forgotten_when_it_has_settled(spec):
    settle = StreamingFilter((spec,), 360.0, 1).settle_s
    impulse = np.zeros((1, 360 * 20))
    impulse[0, 0] = 1
    tail = np.abs(sosfilt(sections((spec,), 360.0), impulse))[0]
    assert tail[round(settle * 360) :].sum() < 0.02 * tail.sum()
    assert tail[round(settle * 360 / 10) :].sum() > 0.02 * tail.sum()


def test_no_filters_pass_the_signal_through():
    nothing = StreamingFilter((), 360.0, 2)
    np.testing.assert_array_equal(nothing.feed(noise(7)), noise(7))
    assert nothing.settle_s == 0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (FilterSpec(kind="highpass", hz=(1e-6,)), "at 128 Hz the filters ring too long"),
        (FilterSpec(kind="notch", hz=(50.0,), quality=1e9), "at 128 Hz the filters ring too long"),
        (FilterSpec(kind="notch", hz=(50.0,), quality=0.7), "wider than half of 128 Hz"),
    ],
)
def test_a_filter_that_cannot_be_computed_is_refused(spec, message):
    with pytest.raises(ConfigError, match=message):
        StreamingFilter((spec,), 128.0, 1)
