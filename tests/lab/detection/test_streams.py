from __future__ import annotations

import numpy as np
import pytest

from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.alarms import AlarmWatch
from edgeguard.device.config import Alarms
from edgeguard.device.samples import Verdict
from edgeguard.exits.drift import DriftDetector, clean_quantiles
from edgeguard.exits.threshold import conformal_threshold
from edgeguard.lab.detection import streams
from edgeguard.lab.detection.streams import AlarmRule, Switch
from edgeguard.signals.spec import BeatSpec, SignalSpec


@pytest.fixture
def rule():
    scores = np.random.default_rng(0).exponential(size=999)
    return AlarmRule(conformal_threshold(scores, 0.01), clean_quantiles(scores))


def begun_on_a_device(rule, scores):
    """How many alarms of each kind the device's own watch begins."""
    disagreement = Disagreement(
        score="confusion",
        threshold=rule.threshold,
        false_alarm_rate=0.01,
        calibration_windows=999,
        clean_quantiles=rule.clean_quantiles,
    )
    watch = AlarmWatch(disagreement, None, Alarms(max_per_hour=10_000))
    begun = {"window": 0, "drift": 0}
    for number, score in enumerate(scores):
        verdict = Verdict(number, 0, 1.0, np.empty((0, 0)), score, alarm=score > rule.threshold)
        for alarm in watch.watch(verdict, now_s=3600.0 * number):
            begun[alarm.kind] += alarm.raised
    return begun


def test_alarms_begin_when_those_of_a_device_do(rule):
    scores = np.random.default_rng(1).exponential(1.5, 3000)  # restless, so that many begin
    device = begun_on_a_device(rule, scores.tolist())
    found = streams.false_alarms(rule, [np.arange(3000)], scores)
    assert found == {"windows": 3000, "window_alarms": device["window"], "drift_alarms": device["drift"]}
    assert min(device.values()) > 2


def test_defaults_are_those_of_a_device():
    device = Alarms()
    assert (device.clear_windows, device.drift_windows) == (streams.CLEAR_WINDOWS, streams.DRIFT_WINDOWS)


def test_sums_of_many_streams_are_those_of_one_detector_each(rule):
    scores = np.random.default_rng(2).exponential(1.3, (3, 400))
    detector = rule.drift_detector()
    together = np.stack(
        list(streams.sums(detector, streams.evidence(detector, scores.ravel()).reshape(3, 400))), axis=1
    )
    for row, found in zip(scores.tolist(), together, strict=True):
        alone = DriftDetector(rule.clean_quantiles, streams.DRIFT_WINDOWS)
        assert found.tolist() == [alone.add(score) for score in row]


def test_an_attack_waits_for_its_first_loud_window(rule):
    clean, attacked = np.zeros(4), np.array([0.0, 99.0])
    quiet_first = np.zeros(streams.LONGEST_WAIT, dtype=int)
    quiet_first[6] = 1
    one = Switch(np.zeros(streams.BEFORE, dtype=int), quiet_first)
    never = Switch(one.clean, np.zeros_like(quiet_first))
    found = streams.waits(rule, [one, never, never], clean, attacked)
    assert found["window"] == {"median": None, "ninety_percent": None, "never": pytest.approx(2 / 3)}
    assert streams.waits(rule, [one], clean, attacked)["window"]["median"] == 7


def test_a_drift_is_found_where_the_first_sum_passes_the_limit(rule):
    detector = rule.drift_detector()
    steps = int(detector.limit / detector.evidence[-1]) + 1
    switch = Switch(np.zeros(streams.BEFORE, dtype=int), np.zeros(streams.LONGEST_WAIT, dtype=int))
    found = streams.waits(rule, [switch], np.zeros(1), np.full(1, 99.0))
    assert found["drift"] == {"median": steps, "ninety_percent": steps, "never": 0.0}


def test_streams_of_known_wearers_keep_their_order():
    who, attacked = np.array(["a", "b", "a", "b", "a"]), np.array(["a", "b", "a"])
    for switch in streams.switches(5, 3, who, attacked, seed=0):
        person = np.unique(who[switch.clean])
        assert person.tolist() == np.unique(attacked[switch.attacked]).tolist()
        own = np.flatnonzero(who == person[0]).tolist()
        start = own.index(switch.clean[0])
        assert switch.clean[: len(own)].tolist() == own[start:] + own[:start]


def test_streams_without_wearers_are_drawn_with_replacement_from_a_seed():
    first, again, other = (streams.clean_streams(50, None, seed=seed)[0] for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()
    assert np.unique(first).tolist() == list(range(50))


def test_windows_per_day_say_what_they_rest_on():
    ten_seconds = SignalSpec(channels=("ECG",), units="mV", window=500, hop=1000, rate_hz=100.0)
    assert streams.windows_per_day(ten_seconds) == (8640.0, "a window every 10 s")
    beats = SignalSpec(channels=("ECG",), units="mV", window=90, hop=90, rate_hz=100.0, beats=BeatSpec(before=30))
    assert streams.windows_per_day(beats) == (75 * 1440.0, "assumed: a window each beat, 75 beats a minute")
