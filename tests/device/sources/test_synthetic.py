from __future__ import annotations

import math

import numpy as np
import pytest

from edgeguard.device.sources.synthetic import SyntheticSource
from edgeguard.errors import SourceError
from edgeguard.lab.data import synthetic_ecg
from edgeguard.signals.spec import SignalSpec
from tests.feeds import feed_of, samples_of, values_of

ECG = synthetic_ecg.SIGNAL


def signal_of(argument, n=None):
    return values_of(SyntheticSource(argument, math.inf), ECG, n)[0]


def test_length_is_as_asked_and_the_seed_decides():
    assert len(signal_of("seconds=130")) == 130 * 128
    np.testing.assert_array_equal(signal_of("seed=3,seconds=5"), signal_of("seed=3,seconds=5"))
    assert not np.array_equal(signal_of("seed=3,seconds=5"), signal_of("seed=4,seconds=5"))


def test_without_seconds_it_does_not_end():
    assert len(signal_of("", 80)) > 200 * 128


def test_recordings_are_joined_without_a_step():
    signal = signal_of("seed=1,seconds=600,abnormal=0")
    steepest = np.abs(np.diff(signal))
    at_joins = [steepest[s * 128 - 256 : s * 128].max() for s in range(58, 590, 59)]
    assert max(at_joins) <= np.quantile(steepest, 0.9999)
    beats = np.flatnonzero((signal[1:-1] > 0.5) & (signal[1:-1] >= signal[2:]) & (signal[1:-1] > signal[:-2]))
    assert np.diff(beats).max() < 2.0 * np.median(np.diff(beats))


def test_windows_are_like_those_of_the_data_set():
    windows = np.concatenate([signal_of(f"seed={seed},seconds=60").reshape(-1, 256) for seed in range(20)])
    trained = synthetic_ecg.load(None, wearers=20, windows=600).x[:, 0]
    for measure in (np.std, np.max, np.min):
        assert measure(windows, axis=1).mean() == pytest.approx(measure(trained, axis=1).mean(), rel=0.15)


@pytest.mark.parametrize(
    "change",
    [{"channels": ("Fp1",)}, {"channels": ("ECG", "V5")}, {"units": "z-score"}, {"rate_hz": None}, {"rate_hz": 100.0}],
)
def test_another_signal_is_refused_in_one_line(change):
    facts = {"channels": ("ECG",), "units": "mV", "window": 256, "hop": 256, "rate_hz": 128.0, **change}
    with pytest.raises(SourceError, match=r"makes one channel ECG in mV above 120 Hz, but the model takes .*: replay"):
        feed_of(SyntheticSource("", math.inf), SignalSpec(**facts))


def test_chunks_follow_one_another():
    chunks = samples_of(SyntheticSource("seconds=130", math.inf), ECG)
    ends = [chunk.start + chunk.values.shape[1] for chunk in chunks]
    assert [chunk.start for chunk in chunks] == [0, *ends[:-1]]
