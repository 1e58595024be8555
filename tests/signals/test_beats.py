from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeguard.signals.beats import BeatCutter, beats_at, nearest_peaks
from edgeguard.signals.r_peaks import RPeakDetector
from edgeguard.signals.spec import BeatSpec, SignalSpec
from edgeguard.signals.synthetic import draw_wearer, synthesize

RATE_HZ = 128.0
BEATS = SignalSpec(
    channels=("MLII", "number"), units="mV", window=100, hop=100, rate_hz=RATE_HZ, beats=BeatSpec(before=40)
)


def recording(seconds=30.0, seed=0):
    """A lead and, as the second channel, each sample's own number; and where the beats are."""
    made = synthesize(draw_wearer(2), rate_hz=RATE_HZ, seconds=seconds, seed=seed, abnormal_share=0.5)
    return np.stack([made.signal_mv, np.arange(len(made.signal_mv), dtype=np.float32)]), made.r_peaks


def cut(parts, signal=BEATS):
    cutter = BeatCutter(signal)
    return [found for part in parts for found in cutter.feed(part)] + cutter.finish()


def detected(values):
    detector = RPeakDetector(RATE_HZ)
    return np.array(detector.feed(values[0]) + detector.finish())


def test_a_window_holds_all_channels_around_a_beat():
    values, beats = recording()
    found = cut([values])
    for start, window in found:
        assert window.shape == (2, 100)
        assert window.dtype == np.float32
        np.testing.assert_array_equal(window[1], np.arange(start, start + 100))
        assert np.abs(beats - (start + 40)).min() <= 3
    inside = (beats >= 40) & (beats + 60 <= values.shape[1])
    assert len(found) == np.count_nonzero(inside)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 300), max_size=30), st.integers(0, 5))
def test_chunks_do_not_matter_and_the_whole_is_cut_alike(sizes, seed):
    values, _ = recording(seed=seed)
    found = cut(np.split(values, np.minimum(np.cumsum(sizes, dtype=int), values.shape[1]), axis=1))
    peaks = detected(values)
    windows, kept = beats_at(values, peaks, BEATS)
    assert [start for start, _ in found] == (peaks[kept] - 40).tolist()
    np.testing.assert_array_equal(np.stack([window for _, window in found]), windows)


@pytest.mark.parametrize(("window", "before"), [(100, 0), (100, 99), (1, 0), (2000, 900)])
def test_windows_of_any_length_come_sample_by_sample(window, before):
    values, _ = recording()
    signal = SignalSpec(
        channels=BEATS.channels, units="mV", window=window, hop=1, rate_hz=RATE_HZ, beats=BeatSpec(before=before)
    )
    singly = cut(np.split(values, values.shape[1], axis=1), signal)
    windows, kept = beats_at(values, detected(values), signal)
    assert len(kept)
    np.testing.assert_array_equal(np.stack([one for _, one in singly]), windows)


def test_a_beat_too_near_an_end_gives_no_window():
    values, _ = recording()
    end = values.shape[1]
    _, kept = beats_at(values, np.array([0, 39, 40, 500, end - 60, end - 59, end - 1]), BEATS)
    assert kept.tolist() == [2, 3, 4]


def test_no_peaks_give_no_windows():
    windows, kept = beats_at(recording()[0], np.array([], dtype=np.int64), BEATS)
    assert windows.shape == (0, 2, 100)
    assert kept.shape == (0,)
    assert cut([np.zeros((2, 5000), dtype=np.float32), np.zeros((2, 0), dtype=np.float32)]) == []


def test_a_missing_sample_stays_missing_in_its_window():
    values, beats = recording()
    values[0, beats[10] + 20] = np.nan
    broken = [start for start, window in cut([values]) if np.isnan(window).any()]
    assert len(broken) == 1
    assert abs(broken[0] + 40 - beats[10]) <= 3


def test_memory_does_not_grow_with_the_stream():
    values, _ = recording()
    cutter = BeatCutter(BEATS)
    cutter.feed(values)
    tracemalloc.start()
    for _ in range(20):
        for at in range(0, values.shape[1], 500):
            cutter.feed(values[:, at : at + 500])
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 30_000


def test_a_signal_without_beats_is_refused():
    plain = SignalSpec(channels=("MLII",), units="mV", window=100, hop=50, rate_hz=RATE_HZ)
    with pytest.raises(ValueError, match="no beats"):
        BeatCutter(plain)
    with pytest.raises(ValueError, match="no beats"):
        beats_at(np.zeros((1, 500), dtype=np.float32), np.array([100]), plain)


@pytest.mark.parametrize(
    ("detected", "expected"),
    [
        ([98, 205, 296], [98, 205, 296]),
        ([98, 103, 200], [98, 200, 300]),
        ([111, 200], [100, 200, 300]),
        ([110], [110, 200, 300]),
        ([], [100, 200, 300]),
        ([0, 290, 310, 5000], [100, 200, 290]),
    ],
)
def test_an_annotation_moves_to_the_nearest_peak_within_tolerance(detected, expected):
    assert nearest_peaks(np.array([100, 200, 300]), np.array(detected, dtype=np.int64), 10).tolist() == expected
