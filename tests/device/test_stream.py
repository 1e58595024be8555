from __future__ import annotations

import sys
import tracemalloc
import types
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.samples import Samples
from edgeguard.device.stream import Stream
from edgeguard.errors import SourceError
from edgeguard.signals.conditioning import conditioned
from edgeguard.signals.spec import BeatSpec, FilterSpec, QualitySpec, SignalSpec
from edgeguard.signals.synthetic import draw_wearer, synthesize

FAR = 2**60
BAND = FilterSpec(kind="bandpass", hz=(0.5, 40.0))
QUALITY = QualitySpec(flat=0.05, saturation=5.0, motion=1.5, mains=0.3)
ECG = SignalSpec(channels=("II",), units="mV", window=128, hop=64, rate_hz=128.0, filters=(BAND,), quality=QUALITY)
SETTLE = 776  # raw samples at 360 Hz: 29 of the resampler, 2.07 s of the filter


def plain(window, hop, channels=1, rate_hz=None):
    names = tuple(f"lead{k}" for k in range(channels))
    return SignalSpec(channels=names, units="mV", window=window, hop=hop, rate_hz=rate_hz)


def ramp(start, end, channels=1):
    """Samples whose values are their own indices."""
    return Samples(start, np.tile(np.arange(start, end, dtype=np.float32), (channels, 1)))


def ecg(seconds=30.0, seed=0):
    return synthesize(draw_wearer(seed), rate_hz=360, seconds=seconds, seed=seed).signal_mv[None].copy()


def fed(stream, *chunks):
    return [window for chunk in chunks for window in stream.feed(chunk)]


def said(windows):
    return [(window.start, window.values.tolist()) for window in windows]


def in_parts(values, cuts, start=0):
    ends = [0, *sorted({int(cut) for cut in cuts if cut < values.shape[1]}), values.shape[1]]
    return [Samples(start + begin, values[:, begin:end]) for begin, end in pairwise(ends)]


def test_plain_windows_are_the_samples_themselves():
    stream = Stream(plain(4, 3), None, "bed-7")
    windows = fed(stream, ramp(100, 103), ramp(103, 103), ramp(103, 111))
    assert said(windows) == [(s, [list(range(s, s + 4))]) for s in (100, 103, 106)]
    assert {(window.source, window.rejected) for window in windows} == {("bed-7", None)}
    assert said(fed(Stream(plain(4, 3, rate_hz=250.0), 250.0), ramp(100, 111))) == said(windows)


def test_a_gap_drops_the_partial_window_and_is_counted():
    stream = Stream(plain(4, 4), None)
    assert said(fed(stream, ramp(0, 6), ramp(9, 14))) == [(0, [[0, 1, 2, 3]]), (9, [[9, 10, 11, 12]])]
    assert (stream.counts.gaps, stream.counts.missing_samples) == (1, 3)


def test_a_gap_while_passing_over_samples_begins_a_new_window():
    assert said(fed(Stream(plain(2, 10), None), ramp(0, 5), ramp(50, 52))) == [(0, [[0, 1]]), (50, [[50, 51]])]


def test_repeated_samples_are_passed_over_and_counted():
    stream = Stream(plain(4, 4), None)
    windows = fed(stream, ramp(0, 6), ramp(2, 5), ramp(4, 8))
    assert said(windows) == [(0, [[0, 1, 2, 3]]), (4, [[4, 5, 6, 7]])]
    assert (stream.counts.gaps, stream.counts.repeated_samples) == (0, 5)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=15))
def test_no_window_holds_what_was_not_consecutive(pieces):
    for start, values in said(fed(Stream(plain(5, 3), None), *(ramp(start, start + size) for start, size in pieces))):
        assert values == [list(range(start, start + 5))]


@pytest.mark.parametrize("shape", [(1, 5), (3, 5), (5,)])
def test_wrong_channels_name_what_the_model_takes(shape):
    with pytest.raises(SourceError, match=r"the model takes 2 channels \(lead0, lead1\)"):
        Stream(plain(4, 4, channels=2), None).feed(Samples(0, np.zeros(shape, np.float32)))


@pytest.mark.parametrize(
    ("model_hz", "source_hz", "message"),
    [(128.0, None, "has no rate"), (None, 360.0, "no true rate"), (128.0, 360.05, "nominal"), (128.0, 0.0, "claims")],
)
def test_rates_that_do_not_fit_are_refused_on_one_line(model_hz, source_hz, message):
    with pytest.raises(SourceError, match=message):
        Stream(plain(4, 4, rate_hz=model_hz), source_hz)


def test_windows_are_cut_from_the_record_as_the_lab_conditions_it():
    values = ecg()
    expected = conditioned(values, 360.0, ECG)
    windows = fed(Stream(ECG, 360.0), Samples(FAR, values))
    assert [window.start - FAR for window in windows] == [k * 180 for k in range(len(windows))]
    assert len(windows) == 58
    for k, window in enumerate(windows):
        np.testing.assert_allclose(window.values, expected[:, 64 * k : 64 * k + 128], atol=1e-6)


@given(
    cuts=st.lists(st.integers(0, 10_800), max_size=12),
    gap=st.integers(0, 500),
    spoiled=st.integers(0, 10_000),
    value=st.sampled_from([np.nan, 9.0]),
)
def test_chunks_of_any_size_give_the_same_windows(cuts, gap, spoiled, value):
    values = ecg()
    values[:, spoiled : spoiled + 90] = value
    halves = [Samples(FAR, values[:, :6000]), Samples(FAR + 6000 + gap, values[:, 6000:])]
    whole, pieces = Stream(ECG, 360.0), Stream(ECG, 360.0)
    expected = fed(whole, *halves)
    found = fed(pieces, *(part for half in halves for part in in_parts(half.values, cuts, half.start)))
    assert [(one.start, one.rejected) for one in found] == [(one.start, one.rejected) for one in expected]
    np.testing.assert_allclose([one.values for one in found], [one.values for one in expected], atol=1e-5)
    assert pieces.counts == whole.counts


def test_single_samples_give_the_same_windows():
    values = ecg(6.0)
    singly = fed(Stream(ECG, 360.0), *in_parts(values, range(1, values.shape[1])))
    at_once = fed(Stream(ECG, 360.0), Samples(0, values))
    assert [(one.start, one.rejected) for one in singly] == [(one.start, one.rejected) for one in at_once]
    np.testing.assert_allclose([one.values for one in singly], [one.values for one in at_once], atol=1e-6)


def test_windows_settle_after_the_beginning_and_after_a_gap():
    values = ecg()
    windows = fed(Stream(ECG, 360.0), Samples(0, values[:, :4000]), Samples(5000, values[:, 5000:9000]))
    for window in windows:
        begun = 0 if window.start < 5000 else 5000
        assert window.rejected == ("settling" if window.start < begun + SETTLE else None)
    assert {window.start >= 5000 for window in windows} == {True, False}


def spoil(kind, values):
    at = np.arange(values.shape[1]) / 360
    if kind == "mains":
        values += 0.6 * np.sin(2 * np.pi * 50 * at)
    elif kind == "motion":
        values += 3 * np.exp(-(((at - 15) / 0.7) ** 2))
    else:
        values[:, 5400:6000] = {"flat": 0.3, "saturated or lead off": 6.0, "signal not finite": np.nan}[kind]


@pytest.mark.parametrize("kind", ["mains", "motion", "flat", "saturated or lead off", "signal not finite"])
def test_windows_on_a_disturbance_carry_its_reason(kind):
    values = ecg()
    spoil(kind, values)
    windows = [one for one in fed(Stream(ECG, 360.0), Samples(0, values)) if one.start >= SETTLE]
    on_it = [one for one in windows if kind == "mains" or 5400 <= one.start <= 5500]
    assert on_it
    assert {one.rejected for one in on_it} == {kind}
    away = [one for one in windows if kind != "mains" and not 4000 < one.start < 8000]
    assert {one.rejected for one in away} <= {None}


def test_a_clean_recording_is_judged_but_for_the_beginning():
    windows = fed(Stream(ECG, 360.0), Samples(0, ecg(60.0, seed=3)))
    assert [one.rejected for one in windows] == ["settling"] * 5 + [None] * (len(windows) - 5)


def test_a_hole_in_the_past_that_quality_looks_at_is_no_reason():
    values = ecg()
    values[:, 5000:5003] = np.nan
    found = {one.start: one.rejected for one in fed(Stream(ECG, 360.0), Samples(0, values))}
    assert [found[start] for start in (4500, 4680, 4860, 5040)] == [None, *["signal not finite"] * 2, None]


def test_a_burst_of_an_hour_and_alternating_gaps():
    signal = msgspec.structs.replace(ECG, window=1280, hop=1280)
    hour = np.tile(ecg(), 120)
    stream = Stream(signal, 360.0)
    assert len(fed(stream, Samples(0, hour))) == 359
    for k in range(50):
        fed(stream, Samples(10**7 + 200 * k, hour[:, :100]))
    assert stream.counts.gaps == 50
    assert [one.start for one in fed(stream, Samples(FAR, hour[:, :4000]))] == [FAR]


def test_memory_does_not_grow_with_the_stream():
    stream, values = Stream(ECG, 360.0), ecg()
    values[:, ::50] = np.nan

    def minutes(n, start):
        for k in range(start, start + n):
            fed(stream, *in_parts(values, range(0, 10_800, 700), k * 10_800))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = minutes(3, 0)
        assert minutes(10, 3) < before + 20_000
    finally:
        tracemalloc.stop()


class SpikeCutter:
    """Stands in for the detector: a beat is a sample over 0.9; its window is found when it is complete."""

    def __init__(self, signal):
        self.window, self.before = signal.window, signal.beats.before
        self.seen = np.empty((len(signal.channels), 0), np.float32)
        self.done = 0

    def feed(self, values):
        self.seen = np.concatenate([self.seen, values], axis=1)
        peaks = np.flatnonzero(self.seen[0] > 0.9) - self.before
        starts = [int(at) for at in peaks if self.done <= at <= self.seen.shape[1] - self.window]
        self.done = max([self.done, *(at + 1 for at in starts)])
        return [(at, self.seen[:, at : at + self.window].copy()) for at in starts]


@pytest.fixture
def beats(monkeypatch):
    module = types.ModuleType("edgeguard.signals.beats")
    module.BeatCutter = SpikeCutter
    monkeypatch.setitem(sys.modules, "edgeguard.signals.beats", module)
    return SignalSpec(
        channels=("II",), units="mV", window=20, hop=20, rate_hz=100.0, beats=BeatSpec(before=8),
        quality=QualitySpec(flat=0.01),
    )  # fmt: skip


def spikes(n, at):
    values = np.random.default_rng(0).normal(scale=0.05, size=(1, n)).astype(np.float32)
    values[:, at] = 1.0
    return values


def test_windows_lie_around_beats_and_start_in_the_sources_samples(beats):
    windows = fed(Stream(beats, 100.0), Samples(FAR, spikes(1000, [300, 420, 995])))
    assert [(one.start - FAR, one.values[0, 8], one.rejected) for one in windows] == [(292, 1, None), (412, 1, None)]
    doubled = msgspec.structs.replace(beats, rate_hz=200.0, quality=None)
    windows = fed(Stream(doubled, 100.0), Samples(FAR, spikes(1000, [300, 420])))
    assert {one.start - FAR for one in windows} <= {295, 296, 297, 415, 416, 417}
    assert windows


@pytest.mark.parametrize("cuts", [[], range(0, 9000, 37)])
def test_where_no_beats_are_the_silence_says_why(beats, cuts):
    values = spikes(9000, [300, 420, 6000])
    values[:, 3000:4500] = 0.2
    windows = fed(Stream(beats, 100.0), *in_parts(values, cuts))
    assert [(one.start, one.rejected) for one in windows] == [
        (292, None), (412, None), (432, "no beat"), (1432, "no beat"), (2432, "flat"), (3432, "flat"),
        (4432, "no beat"), (5992, None), (6012, "no beat"), (7012, "no beat"),
    ]  # fmt: skip
    assert windows[2].values.shape == (1, 20)


def test_lead_off_for_a_whole_recording_is_not_silent(beats):
    windows = fed(Stream(beats, 100.0), Samples(0, np.full((1, 6000), np.nan, np.float32)))
    assert {one.rejected for one in windows} == {"signal not finite"}
    assert len(windows) == 5
