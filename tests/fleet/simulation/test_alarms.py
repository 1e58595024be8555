from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.alarms import AlarmWatch
from edgeguard.device.config import Alarms
from edgeguard.device.samples import Verdict
from edgeguard.fleet.simulation.alarms import CLEAR_WINDOWS, DriftAlarm, WindowAlarm
from edgeguard.fleet.simulation.models import OLD
from edgeguard.fleet.simulation.windows import Windows


def windows_of(scores):
    count = len(scores)
    return Windows(Counter(), np.arange(count), np.zeros(count, int), np.full((count, 3), 1 / 3), np.asarray(scores))


def real_alarms(scores):
    """What a real device's watch says of the same scores: (index, raised, windows over the threshold)."""
    rule = Disagreement(
        score="mutual_information", threshold=OLD.threshold, false_alarm_rate=0.01, calibration_windows=99
    )
    watch = AlarmWatch(rule, None, Alarms(clear_windows=CLEAR_WINDOWS, drift_windows=0, max_per_hour=10_000))
    verdicts = [Verdict(i, 0, 0.9, np.ones((1, 3)), score, score > OLD.threshold) for i, score in enumerate(scores)]
    alarms = [alarm for verdict in verdicts for alarm in watch.watch(verdict, 0.0)]
    return [(alarm.verdict.start, alarm.raised, alarm.windows) for alarm in alarms]


@pytest.mark.parametrize("seed", range(5))
def test_alarms_begin_and_end_where_a_real_device_has_them(seed):
    rng = np.random.default_rng(seed)
    scores = OLD.threshold * np.where(rng.random(400) < 0.08, 2.0, 0.5)
    alarm, found = WindowAlarm(OLD), []
    for begin, end in ((0, 7), (7, 7), (7, 150), (150, 400)):  # intervals of any length
        changes = alarm.watch(windows_of(scores[begin:end]))
        found += [(begin + change.index, change.raised, change.windows) for change in changes]
    assert found == real_alarms(scores)
    assert len(found) > 10


def test_drift_is_told_once_it_lasts():
    rng = np.random.default_rng(0)
    alarm = DriftAlarm(OLD)
    clean, drifted = (OLD.median * np.exp(OLD.spread * (rng.standard_normal(3000) + shift)) for shift in (0, 0.5))
    assert list(alarm.watch(windows_of(clean))) == []
    begun, *_ = alarm.watch(windows_of(drifted))
    assert (begun.kind, begun.raised) == ("drift", True)
    assert begun.value > begun.threshold
