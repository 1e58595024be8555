from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st
from wfdb.processing import compare_annotations

from edgeguard.signals.ecgsyn import WAVES, Waves, solve
from edgeguard.signals.r_peaks import RPeakDetector
from edgeguard.signals.synthetic import draw_wearer, synthesize

RATE_HZ = 250.0


def ecg(seconds=60.0, rate_hz=RATE_HZ, abnormal_share=0.0, seed=3):
    """Signal in mV and the R peaks in it."""
    made = synthesize(draw_wearer(seed), rate_hz=rate_hz, seconds=seconds, seed=seed, abnormal_share=abnormal_share)
    return made.signal_mv, made.r_peaks[(made.r_peaks >= 0) & (made.r_peaks < len(made.signal_mv))]


def regular(rate_bpm, seconds=60.0):
    """Equal narrow beats without noise."""
    beats = np.arange(-1, seconds + 2, 60 / rate_bpm)
    shape = np.zeros((3, len(beats), len(WAVES)))
    shape[1], shape[2, :, WAVES.index("R")] = 0.1, 1.0
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return solve(beats, Waves(*shape), times, np.zeros_like(times)), np.count_nonzero((beats >= 0) & (beats < seconds))


def peaks_of(values, rate_hz=RATE_HZ):
    detector = RPeakDetector(rate_hz)
    return detector.feed(values) + detector.finish()


def assert_found(beats, peaks, rate_hz=RATE_HZ):
    """All of them and nothing else, by wfdb's comparator."""
    found = compare_annotations(np.asarray(beats), np.asarray(peaks), round(0.15 * rate_hz))
    assert (found.fn, found.fp) == (0, 0)


@pytest.mark.parametrize("rate_hz", [125.0, 128.0, 250.0, 360.0, 500.0, 1000.0])
@pytest.mark.parametrize("abnormal_share", [0.0, 0.6])
def test_every_beat_is_found_at_any_rate(rate_hz, abnormal_share):
    values, beats = ecg(rate_hz=rate_hz, abnormal_share=abnormal_share)
    assert_found(beats, peaks_of(values, rate_hz), rate_hz)


def test_lowest_rate():
    values, beats = ecg(rate_hz=200.0)
    assert_found(beats // 2, peaks_of(values[::2], 100.0), 100.0)


@pytest.mark.parametrize("rate_hz", [125.0, 360.0, 1000.0])
def test_a_peak_is_the_highest_sample_of_its_beat(rate_hz):
    values, beats = ecg(rate_hz=rate_hz)
    reach = round(0.05 * rate_hz)
    inside = beats[(beats > reach) & (beats < len(values) - reach)]
    highest = [beat - reach + np.argmax(values[beat - reach : beat + reach]) for beat in inside]
    assert set(highest) <= set(peaks_of(values, rate_hz))


@pytest.mark.parametrize("change", [lambda x: 1e3 * x, lambda x: 1e-6 * x, lambda x: x + 1e3, lambda x: x * 4096])
def test_unit_and_offset_do_not_matter(change):
    values = ecg(abnormal_share=0.5)[0].astype(np.float64)
    assert peaks_of(change(values)) == peaks_of(values)


def test_an_inverted_lead_has_its_peaks_at_the_same_samples():
    values, _ = ecg()
    assert peaks_of(-values) == peaks_of(values)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 400), max_size=40), st.integers(0, 5))
def test_chunks_do_not_matter(sizes, seed):
    values, _ = ecg(seconds=20, abnormal_share=0.7, seed=seed)
    detector = RPeakDetector(RATE_HZ)
    parts = np.split(values, np.minimum(np.cumsum(sizes, dtype=int), len(values)))
    peaks = [peak for part in parts for peak in detector.feed(part)] + detector.finish()
    assert peaks == peaks_of(values)
    assert peaks == sorted(set(peaks))


def test_single_samples_are_confirmed_in_time_and_end_like_the_whole():
    values, _ = ecg(seconds=20)
    detector = RPeakDetector(RATE_HZ)
    confirmed = [(peak, now) for now, value in enumerate(values) for peak in detector.feed(values[now : now + 1])]
    delays = np.array([now - peak for peak, now in confirmed])
    assert [peak for peak, _ in confirmed] + detector.finish() == peaks_of(values)
    assert delays.max() <= detector.longest_delay <= 2.5 * RATE_HZ
    assert np.median(delays) < 0.4 * RATE_HZ


@pytest.mark.parametrize("level", [0.0, 5.0, -1e6, np.nan, np.inf])
def test_a_signal_without_change_has_no_peaks(level):
    assert peaks_of(np.full(round(60 * RATE_HZ), level)) == []


def test_nothing_fed_gives_nothing():
    detector = RPeakDetector(RATE_HZ)
    assert detector.feed(np.zeros(0)) == []
    assert detector.finish() == []


def with_part(part, from_s=30, to_s=50):
    """Two minutes of ECG whose samples between the two times are what `part` makes of them."""
    values, beats = ecg(seconds=120)
    where = slice(round(from_s * RATE_HZ), round(to_s * RATE_HZ))
    values = values.astype(np.float64)
    values[where] = part(values[where])
    return values, beats, where


def rests_on(constant):
    return lambda x: np.full_like(x, constant)


DISTURBANCES = {
    "zeros": rests_on(0.0),
    "flat": rests_on(3.3),
    "missing": rests_on(np.nan),
    "infinite": rests_on(-np.inf),
    "beyond all units": rests_on(1e300),
    "a hundredth": lambda x: x / 100,
    "a hundredfold": lambda x: x * 100,
    "inverted": lambda x: -x,
    "shifted": lambda x: x + 1000,
    "noise": lambda x: np.random.default_rng(0).normal(size=len(x)),
    "shocks": lambda x: x + 1e6 * (np.arange(len(x)) % 1000 == 0),
    "largest float32": lambda x: x + 1e29 * (np.arange(len(x)) == 1000),
    "square": lambda x: 5 * np.sign(np.sin(np.arange(len(x)) * 2 * np.pi * 2 / RATE_HZ)),
}


@pytest.mark.parametrize("name", DISTURBANCES)
def test_after_a_disturbance_all_beats_are_found_again(name):
    values, beats, where = with_part(DISTURBANCES[name])
    again = where.stop + round(15 * RATE_HZ)
    peaks = peaks_of(values)
    assert_found(beats[beats > again], [peak for peak in peaks if peak > again])
    before = where.start - round(RATE_HZ)
    assert_found(beats[beats < before], [peak for peak in peaks if peak < before])


@pytest.mark.parametrize("name", ["zeros", "flat", "missing", "infinite", "beyond all units"])
def test_a_stretch_without_change_has_no_peaks(name):
    values, _, where = with_part(DISTURBANCES[name])
    assert not [peak for peak in peaks_of(values) if where.start + RATE_HZ < peak < where.stop - RATE_HZ / 4]


def test_beats_of_another_height_are_found_after_seconds():
    for factor in (0.05, 20):
        values, beats, where = with_part(lambda x: x * factor, 30, 120)  # noqa: B023 (called at once)
        again = where.start + round(15 * RATE_HZ)
        assert_found(beats[beats > again], [peak for peak in peaks_of(values) if peak > again])


def test_a_lone_missing_sample_costs_no_beat():
    values, beats = ecg()
    values[::97] = np.nan
    assert_found(beats, peaks_of(values))


def test_a_pause_has_no_beats_and_the_next_beat_is_found():
    values, _ = regular(60, 30)
    pause = round(4 * RATE_HZ)
    at = round(15.5 * RATE_HZ)
    paused = np.insert(values, at, np.full(pause, values[at]))
    peaks = np.array(peaks_of(values))
    assert peaks_of(paused) == [*peaks[peaks < at], *(peaks[peaks > at] + pause)]


def test_a_weak_beat_is_found_once_it_is_overdue():
    values, _ = regular(60, 30)
    beats = len(peaks_of(values))
    weak = slice(round(14.5 * RATE_HZ), round(15.5 * RATE_HZ))
    values[weak] *= 0.25
    assert len(peaks_of(values)) == beats


@pytest.mark.parametrize("rate_bpm", [30, 60, 120, 200, 240])
def test_slow_and_fast_hearts(rate_bpm):
    values, beats = regular(rate_bpm)
    assert abs(len(peaks_of(values)) - beats) <= 1  # the first and last lie on the edge


@pytest.mark.parametrize("wave_hz", [3.0, 4.0, 5.0])
def test_flutter_is_no_row_of_beats(wave_hz):
    def waves(values):
        turn = 2 * np.pi * wave_hz * np.arange(len(values)) / RATE_HZ
        return np.sin(turn) + 0.4 * np.sin(2 * turn + 1)

    values, _, where = with_part(waves)
    assert sum(where.start < peak < where.stop for peak in peaks_of(values)) < 8  # of 60 waves and more


def test_memory_does_not_grow_with_the_stream():
    values, _ = ecg(seconds=30)
    detector = RPeakDetector(RATE_HZ)
    detector.feed(values)
    tracemalloc.start()
    for _ in range(20):
        for at in range(0, len(values), 500):
            detector.feed(values[at : at + 500])
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 30_000


@pytest.mark.parametrize("rate_hz", [0.0, 99.0, 1001.0, float("nan")])
def test_a_rate_it_was_not_made_for_is_refused(rate_hz):
    with pytest.raises(ValueError, match="100 to 1000"):
        RPeakDetector(rate_hz)


@pytest.mark.data
@pytest.mark.parametrize(("name", "lead", "wrong"), [("100", 0, 3), ("114", 0, 12), ("119", 0, 3), ("232", 0, 15)])
def test_real_beats(data_folder, name, lead, wrong):
    values = wfdb.rdrecord(f"{data_folder}/mitdb/{name}").p_signal[:, lead]
    annotation = wfdb.rdann(f"{data_folder}/mitdb/{name}", "atr")
    beats = annotation.sample[np.isin(annotation.symbol, list("NLRBAaJSVrFejnE/fQ?"))]
    found = compare_annotations(beats, np.array(peaks_of(values, 360.0)), 54)
    assert found.fn + found.fp <= wrong
