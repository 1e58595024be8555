from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal as scipy_signal

from edgeguard.signals.conditioning import Conditioner, conditioned
from edgeguard.signals.eeg import EEG_FILTERS, EEG_RATE_HZ, EEG_WINDOW
from edgeguard.signals.spec import SignalSpec

SPEC = SignalSpec(
    channels=("Fp1", "Fp2"), units="uV", window=EEG_WINDOW, hop=250, rate_hz=EEG_RATE_HZ, filters=EEG_FILTERS
)


def recording(rate_hz, seconds=6.0):
    """Two channels of brown noise on an electrode's offset, with mains."""
    n = round(rate_hz * seconds)
    rng = np.random.default_rng(3)
    mains = 20 * np.sin(2 * np.pi * 50 * np.arange(n) / rate_hz)
    return (80_000 + rng.normal(size=(2, n)).cumsum(axis=1) + mains).astype(np.float32)


@settings(max_examples=20)
@given(st.sampled_from([200.0, 250.0, 255.0, 256.0, 400.0, 500.0, 512.0]), st.lists(st.integers(1, 400), min_size=1))
def test_streamed_in_chunks_of_any_size_it_is_the_offline_result(rate_hz, sizes):
    values = recording(rate_hz)
    stream = Conditioner(SPEC, rate_hz)
    cuts = np.cumsum(np.resize(sizes, 1 + values.shape[1] // min(sizes)))
    parts = [stream.feed(part) for part in np.split(values, cuts[cuts < values.shape[1]], axis=1)]
    streamed, offline = np.concatenate(parts, axis=1), conditioned(values, rate_hz, SPEC)
    np.testing.assert_allclose(streamed, offline[:, : streamed.shape[1]], atol=1e-2)  # of an offset of 80 000


def test_at_250_hz_it_is_what_scipy_makes_of_the_papers_filters():
    values = recording(250.0).astype(np.float64)
    offset = values[:, :1]
    sections = [scipy_signal.butter(2, (0.3, 40.0), "bandpass", fs=250.0, output="sos")]
    sections += [scipy_signal.tf2sos(*scipy_signal.iirnotch(hz, 30.0, fs=250.0)) for hz in (50.0, 60.0)]
    expected = scipy_signal.sosfilt(np.vstack(sections), values - offset, axis=1)
    found = conditioned(values.astype(np.float32), 250.0, SPEC)
    np.testing.assert_allclose(found, expected, atol=2e-2)


@pytest.mark.parametrize("hz", [50.0, 60.0])
def test_mains_are_gone_once_the_filters_have_settled(hz):
    mains = 100 * np.sin(2 * np.pi * hz * np.arange(3000) / 250)
    found = conditioned(np.tile(mains, (2, 1)).astype(np.float32), 250.0, SPEC)
    assert np.abs(found[:, 1500:]).max() < 0.5
