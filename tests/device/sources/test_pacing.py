from __future__ import annotations

import math
import threading
import time
from threading import Event

import numpy as np
import pytest

from edgeguard.device.sources.pacing import paced
from edgeguard.signals.spec import SignalSpec

ECG = SignalSpec(channels=("ECG",), units="mV", window=256, hop=128, rate_hz=128.0)
BEATS = SignalSpec(channels=("ECG",), units="z-score", window=10, hop=10)


def ramp(n):
    return np.arange(n, dtype=np.float32)[None]


@pytest.mark.parametrize(("signal", "chunk"), [(ECG, 32), (BEATS, 10)])
def test_chunks_are_numbered_and_nothing_is_lost(signal, chunk):
    chunks = list(paced([ramp(100)[:, :45], ramp(100)[:, 45:]], signal, math.inf, Event()))
    assert max(part.values.shape[1] for part in chunks) == chunk
    assert all(part.start == part.values[0, 0] for part in chunks)
    np.testing.assert_array_equal(np.concatenate([part.values for part in chunks], axis=1), ramp(100))


@pytest.mark.parametrize(("signal", "speed", "seconds"), [(ECG, 10, 0.2), (BEATS, 100, 0.256)])
def test_samples_come_when_they_are_due(signal, speed, seconds):
    begun = time.monotonic()
    list(paced([ramp(256)], signal, speed, Event()))
    assert seconds <= time.monotonic() - begun < seconds + 0.5


def test_a_slow_reader_is_caught_up_with():
    begun = time.monotonic()
    for part in paced([ramp(256)], ECG, 10, Event()):
        if part.start == 0:
            time.sleep(0.15)
    assert time.monotonic() - begun < 0.2 + 0.12


def test_closing_ends_a_wait():
    closed = Event()
    threading.Timer(0.05, closed.set).start()
    assert list(paced([ramp(256)], ECG, 0.001, closed)) == []
