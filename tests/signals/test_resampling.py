from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample_poly

from edgeguard.errors import SourceError
from edgeguard.signals.resampling import RateRatio, Resampler, rate_ratio

RATES = [(360.0, 128.0), (128.0, 360.0), (250.0, 125.0), (100.0, 99.9), (1000.0, 128.0), (62.5, 250.0)]


def noise(n, channels=2):
    return np.random.default_rng(n).normal(size=(channels, n)).astype(np.float32)


def fed(resampler, x, cuts=()):
    return np.concatenate([resampler.feed(part) for part in np.split(x, cuts, axis=1)], axis=1)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_it_is_scipys_polyphase_resampling(from_hz, to_hz):
    x = noise(2000)
    resampler = Resampler(from_hz, to_hz, 2)
    found = fed(resampler, x)
    expected = resample_poly(x.astype(np.float64), *resampler.ratio, axis=1, padtype="edge")
    assert found.dtype == np.float32
    assert found.shape[1] == math.ceil((2000 - resampler.reach) * to_hz / from_hz)
    np.testing.assert_allclose(found, expected[:, : found.shape[1]], atol=3e-3)  # ours has no ripple, see below


@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=8), rates=st.sampled_from(RATES))
def test_chunks_of_any_size_give_the_same(sizes, rates):
    x = noise(sum(sizes))
    pieces = fed(Resampler(*rates, 2), x, np.cumsum(sizes)[:-1])
    np.testing.assert_allclose(pieces, Resampler(*rates, 2).feed(x), atol=1e-6)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_an_offset_makes_no_ripple(from_hz, to_hz):
    """The unequal sums of scipy's phases would make 0.2 mV of 300 mV."""
    found = Resampler(from_hz, to_hz, 1).feed(np.full((1, 1000), 300.0, np.float32))
    np.testing.assert_allclose(found, 300.0, rtol=1e-7)


def test_output_lies_where_the_ratio_says():
    t = np.arange(4000) / 360
    found = Resampler(360.0, 128.0, 1).feed(np.sin(2 * np.pi * 3 * t)[None].astype(np.float32))[0, 20:]
    np.testing.assert_allclose(found, np.sin(2 * np.pi * 3 * np.arange(20, 20 + len(found)) / 128), atol=2e-3)


def test_frequencies_above_half_the_new_rate_are_taken_out():
    t = np.arange(4000) / 360
    found = Resampler(360.0, 128.0, 1).feed(np.sin(2 * np.pi * 90 * t)[None].astype(np.float32))
    assert np.abs(found[:, 20:]).max() < 2e-3


def test_equal_rates_cost_nothing():
    x = noise(10)
    resampler = Resampler(250.0, 250.0, 2)
    assert resampler.feed(x) is x
    assert resampler.reach == 0


def test_after_a_restart_the_signal_had_stood_still():
    resampler = Resampler(360.0, 128.0, 1)
    resampler.feed(noise(450, 1))  # ten periods of 45
    resampler.restart()
    after = resampler.feed(np.full((1, 450), 2.0, np.float32))
    np.testing.assert_allclose(after, 2.0, rtol=1e-7)
    assert after.shape[1] == 160


def test_a_long_stream_neither_grows_nor_drifts():
    resampler = Resampler(100.0, 99.9, 1)
    sizes = {fed(resampler, np.zeros((1, 100_000), np.float32)).shape[1] for _ in range(20)}
    assert sizes <= {99_900, 99_900 - 10, 99_900 - 11}
    assert resampler._held.size < 100
    assert abs(resampler._next) < 100_000


@pytest.mark.parametrize("rates", [(1000.0, 1.0), (1.0, 1000.0)])
def test_extreme_ratios_work(rates):
    resampler = Resampler(*rates, 1)
    n = 60_000 if rates[0] > 1 else 60
    x = np.ones((1, n), np.float32)
    np.testing.assert_allclose(fed(resampler, x, range(1, n, n // 7)), 1.0, rtol=1e-7)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(360.05, 128.0), (1001.0, 1.0), (1.0, 1001.0), (333.37, 128.0)])
def test_rates_without_a_ratio_are_refused_on_one_line(from_hz, to_hz):
    with pytest.raises(SourceError, match=r"cannot be resampled to .* Hz.*nominal rate"):
        rate_ratio(from_hz, to_hz)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(rate_hz):
    with pytest.raises(SourceError, match="claims a rate"):
        rate_ratio(rate_hz, 128.0)


@given(st.integers(0, 2**70))
def test_indexes_are_mapped_exactly_and_back(index):
    ratio = rate_ratio(360.0, 128.0)
    assert ratio == RateRatio(16, 45)
    assert abs(ratio.source_index(index) * 16 - index * 45) * 2 <= 16
    assert ratio.model_index(ratio.source_index(index)) == index
