"""A judge and a sink without a model, to see what passes."""

from __future__ import annotations

import threading
import time

import numpy as np

from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.samples import Verdict, Window

RULE = Disagreement(score="confusion", threshold=0.25, false_alarm_rate=0.01, calibration_windows=99)
EXITS = np.array([[0.25, 0.75], [0.5, 0.5]])


class FakeJudge:
    """Its disagreement is the window's first value; notes the sizes of its batches and its thread."""

    rule, stage_shares = RULE, None

    def __init__(self, pause_s=0.0):
        self.batches, self.threads, self.pause_s, self.error = [], set(), pause_s, None

    def judge(self, windows):
        self.batches.append(len(windows))
        self.threads.add(threading.current_thread().name)
        time.sleep(self.pause_s)
        if self.error:
            raise self.error
        return [self._verdict(window, float(window.values.flat[0])) for window in windows]

    def _verdict(self, window, score):
        if window.rejected:
            return Verdict(window.start, None, np.nan, EXITS[:0], np.nan, False, window.rejected, window.source)
        return Verdict(window.start, 1, 0.6, EXITS, score, score > RULE.threshold, None, window.source)

    def self_test(self):
        if self.error:
            raise self.error
        return 0.0


class FakeSink:
    def __init__(self):
        self.taken, self.alarms, self.latencies_ms, self.ticks, self.closed, self.error = [], [], [], 0, 0, None

    def put(self, verdict, alarms, latency_ms):
        if self.error:
            raise self.error
        self.taken.append((verdict.source, verdict.start, verdict.rejected))
        self.alarms += [(alarm.kind, alarm.raised, alarm.verdict.start) for alarm in alarms]
        self.latencies_ms.append(latency_ms)

    def tick(self):
        self.ticks += 1

    def close(self):
        self.closed += 1


def window(start, score=0.1, source="a", rejected=None):
    return Window(start, np.full((1, 4), score, dtype=np.float32), rejected, source)
