from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.alarms import AlarmWatch
from edgeguard.device.config import Alarms
from edgeguard.device.samples import Verdict
from edgeguard.exits.drift import LEVELS, DriftDetector

THRESHOLD = 1.0
QUANTILES = tuple(float(level) for level in LEVELS)  # clean scores are uniform on [0, 1]
CALM, HIGH = 0.2, 2.0


def rule(quantiles=()):
    return Disagreement(
        score="confusion",
        threshold=THRESHOLD,
        false_alarm_rate=0.01,
        calibration_windows=99,
        clean_quantiles=quantiles,
    )


def verdict(score, stages=2, start=0):
    if np.isnan(score):
        return Verdict(start, None, score, np.empty((0, 0)), score, alarm=False, rejected="flat")
    return Verdict(start, 0, 0.9, np.full((stages, 2), 0.5), score, alarm=score > THRESHOLD)


def watched(watch, scores, step_s=1.0):
    """The alarms for these scores, one window every `step_s`."""
    return [alarm for k, score in enumerate(scores) for alarm in watch.watch(verdict(score, start=k), k * step_s)]


def only_windows(**settings):
    return AlarmWatch(rule(), None, Alarms(**settings))


def test_window_alarm_begins_once_and_is_over_after_windows_in_a_row_under_the_threshold():
    scores = [CALM, HIGH, HIGH, CALM, CALM, HIGH, CALM, CALM, CALM, CALM]
    begun, over = watched(only_windows(clear_windows=3), scores)
    assert (begun.kind, begun.raised, begun.verdict.start, begun.windows) == ("window", True, 1, 1)
    assert (over.raised, over.verdict.start, over.windows, over.value, over.threshold) == (False, 8, 3, CALM, THRESHOLD)


def test_rejected_windows_change_nothing():
    scores = [HIGH, CALM, np.nan, np.nan, CALM]
    assert [alarm.verdict.start for alarm in watched(only_windows(clear_windows=2), scores)] == [0, 4]


def test_rate_limit_holds_back_and_the_next_one_tells_how_many():
    watch = only_windows(clear_windows=1, max_per_hour=2)
    alarms = watched(watch, [HIGH, CALM] * 6, step_s=400.0)  # one begins every 800 s, 4 or 5 an hour
    assert [(alarm.verdict.start, alarm.raised, alarm.suppressed) for alarm in alarms] == [
        (0, True, 0),
        (1, False, 0),
        (2, True, 0),
        (3, False, 0),
        (10, True, 3),  # the first is an hour old after 3600 s
        (11, False, 0),
    ]
    assert watch.suppressed == 3


def test_drift_of_scores_that_are_all_under_the_threshold():
    watch = AlarmWatch(rule(QUANTILES), None, Alarms(drift_windows=1000))
    alarms = watched(watch, [0.999] * 500 + [0.5] * 5000)
    assert [(alarm.kind, alarm.raised) for alarm in alarms] == [("drift", True), ("drift", False)]
    assert alarms[0].value > alarms[0].threshold > alarms[1].value == 0
    assert alarms[0].verdict.start < 100
    assert alarms[1].windows >= 500 - alarms[0].verdict.start


def test_drift_is_over_in_a_time_that_does_not_grow_with_the_drift():
    over = []
    for length in (500, 50_000):
        watch = AlarmWatch(rule(QUANTILES), None, Alarms(drift_windows=1000))
        over.append(watched(watch, [0.999] * length + [0.5] * 5000)[-1].verdict.start - length)
    assert over[0] == over[1]


@pytest.mark.parametrize(("quantiles", "drift_windows"), [((), 1000), (QUANTILES, 0)])
def test_no_drift_alarm_without_clean_quantiles_or_where_it_is_turned_off(quantiles, drift_windows):
    watch = AlarmWatch(rule(quantiles), None, Alarms(drift_windows=drift_windows))
    assert watched(watch, [0.999] * 5000) == []


@pytest.mark.parametrize(("shares", "kinds"), [((0.6, 0.3, 0.1), ["slowdown", "slowdown"]), (None, [])])
def test_slowdown_where_stages_can_be_saved(shares, kinds):
    watch = AlarmWatch(rule(), shares, Alarms(drift_windows=1000))
    stages = [3] * 500 + [1] * 5000
    alarms = [alarm for k, n in enumerate(stages) for alarm in watch.watch(verdict(CALM, n, k), float(k))]
    assert [alarm.kind for alarm in alarms] == kinds
    assert [alarm.raised for alarm in alarms] == [True, False][: len(kinds)]


STREAM = st.lists(
    st.tuples(st.floats(0, 2) | st.just(float("nan")), st.integers(1, 3), st.floats(0, 900)), max_size=200
)
SETTINGS = st.builds(Alarms, clear_windows=st.integers(1, 5), max_per_hour=st.integers(1, 4), drift_windows=st.just(50))


def alarms_of(stream, settings):
    watch, now, found = AlarmWatch(rule(QUANTILES), (0.6, 0.3, 0.1), settings), 0.0, []
    for score, stages, pause in stream:
        now += pause
        found += [(alarm, now) for alarm in watch.watch(verdict(score, stages), now)]
    return watch, found


@given(STREAM, SETTINGS)
def test_each_kind_begins_and_ends_in_turn(stream, settings):
    _, found = alarms_of(stream, settings)
    for kind in ("window", "drift", "slowdown"):
        raised = [alarm.raised for alarm, _ in found if alarm.kind == kind]
        assert raised == [k % 2 == 0 for k in range(len(raised))]


@given(STREAM, SETTINGS)
def test_never_more_than_the_limit_in_any_hour(stream, settings):
    _, found = alarms_of(stream, settings)
    begun = [now for alarm, now in found if alarm.raised]
    for first in begun:
        assert sum(first <= now < first + 3600 for now in begun) <= settings.max_per_hour


@given(STREAM, SETTINGS)
def test_alarms_let_through_and_held_back_are_all_that_an_unlimited_watch_sees(stream, settings):
    watch, found = alarms_of(stream, settings)
    _, every = alarms_of(stream, Alarms(clear_windows=settings.clear_windows, max_per_hour=10_000, drift_windows=50))
    assert sum(alarm.raised for alarm, _ in found) + watch.suppressed == sum(alarm.raised for alarm, _ in every)
    assert sum(alarm.suppressed for alarm, _ in found) <= watch.suppressed


def test_drift_limit_is_the_detectors_own():
    watch = AlarmWatch(rule(QUANTILES), None, Alarms(drift_windows=1000))
    (alarm,) = watched(watch, [0.999] * 200)
    assert alarm.threshold == DriftDetector(QUANTILES, 1000).limit
