from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import butter, resample_poly, sosfilt

from edgeguard.errors import SourceError
from edgeguard.signals.conditioning import Conditioner, conditioned
from edgeguard.signals.spec import FilterSpec, QualitySpec, SignalSpec

BAND = FilterSpec(kind="bandpass", hz=(0.5, 40.0))
SIGNAL = SignalSpec(channels=("I", "II"), units="mV", window=128, hop=128, rate_hz=128.0, filters=(BAND,))
GUARDED = SignalSpec(
    channels=("I", "II"), units="mV", window=128, hop=128, rate_hz=128.0, filters=(BAND,),
    quality=QualitySpec(saturation=5.0),
)  # fmt: skip
SETTLE = 29 + 747  # the resampler's reach and the filter's 2.07 s, in samples at 360 Hz


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=(2, n)).astype(np.float32)


def fed(conditioner, x, cuts=()):
    return np.concatenate([conditioner.feed(part) for part in np.split(x, cuts, axis=1)], axis=1)


def test_a_record_goes_through_what_scipy_does():
    x = noise(3601)
    resampled = resample_poly(x.astype(np.float64), 16, 45, axis=1, padtype="edge")
    expected = sosfilt(butter(2, BAND.hz, "bandpass", fs=128, output="sos"), resampled)
    found = conditioned(x, 360.0, SIGNAL)
    assert found.shape == expected.shape
    settled = round(SETTLE * 128 / 360)
    np.testing.assert_allclose(found[:, 5 * settled :], expected[:, 5 * settled :], atol=1e-3)


def test_the_device_computes_what_the_lab_trained_on():
    x = noise(3000)
    stream = fed(Conditioner(SIGNAL, 360.0), x, [1, 90, 91, 1400])
    np.testing.assert_allclose(stream, conditioned(x, 360.0, SIGNAL)[:, : stream.shape[1]], atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2, 45])
def test_short_records_have_as_many_samples_as_their_time(n):
    assert conditioned(noise(n), 360.0, SIGNAL).shape == (2, -(-n * 16 // 45))


@given(
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=6),
    spoiled=st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 40), st.integers(0, 1)), max_size=4),
    value=st.sampled_from([np.nan, np.inf, -np.inf, 3e38, -7.0]),
)
def test_chunks_of_any_size_are_bridged_alike(sizes, spoiled, value):
    x = np.clip(noise(sum(sizes)), -4, 4)
    for start, length, channel in spoiled:
        x[channel, start : start + length] = value
    whole, pieces = Conditioner(GUARDED, 360.0), Conditioner(GUARDED, 360.0)
    found = fed(pieces, x, np.cumsum(sizes)[:-1])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, whole.feed(x), atol=1e-5)
    spans = [(0, n) for n in range(1, x.shape[1], 7)] + [(n, n + 5) for n in range(0, x.shape[1], 7)]
    assert [pieces.why_unfit(*span) for span in spans] == [whole.why_unfit(*span) for span in spans]


def test_a_short_hole_spoils_only_what_lies_on_it():
    x = noise(4000)
    x[1, 2000:2007] = np.nan
    conditioner = Conditioner(SIGNAL, 360.0)
    conditioner.feed(x)
    reasons = [conditioner.why_unfit(start, start + 100) for start in (SETTLE, 1899, 1901, 2006, 2007)]
    assert reasons == [None, None, "signal not finite", "signal not finite", None]


@pytest.mark.parametrize(("value", "reason"), [(np.nan, "signal not finite"), (190.0, "settling")])
def test_behind_a_long_hole_everything_begins_anew(value, reason):
    back = 2520  # 56 periods of the ratio
    x = noise(6000) / 10
    x[0, 2000:back] = value
    x[:, back:] += 4.0  # the electrode sits elsewhere
    conditioner = Conditioner(GUARDED, 360.0)
    found = conditioner.feed(x)[:, back * 16 // 45 :]
    np.testing.assert_allclose(found, conditioned(x[:, back:], 360.0, SIGNAL)[:, : found.shape[1]], atol=0.3)
    np.testing.assert_allclose(
        found[:, 20:], conditioned(x[:, back:], 360.0, SIGNAL)[:, 20 : found.shape[1]], atol=0.05
    )
    spans = [(back - 10, back + 10), (back, back + 10), (back + SETTLE - 1, 5000), (back + SETTLE, 5000)]
    assert [conditioner.why_unfit(*span) for span in spans] == [reason, "settling", "settling", None]


def test_a_channel_that_is_never_there_makes_all_unfit():
    x = noise(3000)
    x[1] = np.nan
    conditioner = Conditioner(SIGNAL, 360.0)
    found = fed(conditioner, x, range(100, 3000, 100))
    assert np.isfinite(found).all()
    assert conditioner.why_unfit(2990, 3000) == "signal not finite"
    assert len(conditioner.unfit) == 1


def test_what_is_long_past_can_be_forgotten():
    conditioner = Conditioner(SIGNAL, 360.0)
    conditioner.feed(noise(3000))
    conditioner.forget(SETTLE - 1)
    assert conditioner.why_unfit(0, 1) == "settling"
    conditioner.forget(SETTLE)
    assert conditioner.unfit == []


def test_rates_that_do_not_fit_are_refused():
    with pytest.raises(SourceError, match="nominal rate"):
        Conditioner(SIGNAL, 360.05)
