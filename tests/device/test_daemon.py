from __future__ import annotations

import signal
import time

import numpy as np
import pytest

from edgeguard.device.daemon import Seen, Stop, run
from edgeguard.device.samples import Samples
from edgeguard.errors import SourceError


class FakeSource:
    """Chunks of one sample; where they end, `then` happens."""

    def __init__(self, chunks, then=lambda: None):
        self.chunks, self.then, self.closed = chunks, then, 0

    def samples(self, _signal):
        for start in range(self.chunks):
            yield Samples(start, np.zeros((1, 1), dtype=np.float32))
        self.then()

    def close(self):
        self.closed += 1


class FakePipeline:
    """Two verdicts a chunk; every third window is an alarm, the fifth is rejected."""

    def __init__(self, verdict_at):
        self.verdict_at = verdict_at

    def step(self, samples):
        return [self._verdict(2 * samples.start), self._verdict(2 * samples.start + 1)]

    def _verdict(self, n):
        return self.verdict_at(n, rejected="flat" if n == 4 else None, disagreement=0.5 if n % 3 == 2 else 0.1)


class FakeSink:
    def __init__(self):
        self.taken, self.closed = [], 0

    def put(self, verdict, latency_ms):
        self.taken.append((verdict.start, latency_ms >= 0))

    def close(self):
        self.closed += 1


@pytest.fixture
def parts(verdict_at, manifest):
    """Run over a fake source; what came of it, and two sinks."""
    sinks = [FakeSink(), FakeSink()]
    return sinks, lambda source, **options: run(source, manifest.signal, FakePipeline(verdict_at), sinks, **options)


def test_every_verdict_reaches_every_sink_in_order(parts):
    sinks, go = parts
    assert go(source := FakeSource(4)) == Seen(windows=8, rejected=1, alarms=2)
    assert sinks[0].taken == sinks[1].taken == [(n, True) for n in range(8)]
    assert (source.closed, sinks[0].closed, sinks[1].closed) == (1, 1, 1)


def test_limit_is_kept_to_the_window(parts):
    sinks, go = parts
    assert go(FakeSource(10), limit=5).windows == 5
    assert len(sinks[0].taken) == 5


def test_source_that_breaks_off_closes_all_and_is_reported(parts):
    sinks, go = parts

    def unplug():
        raise SourceError("the wearable is gone")

    with pytest.raises(SourceError, match="the wearable is gone"):
        go(source := FakeSource(2, then=unplug))
    assert len(sinks[0].taken) == 4
    assert (source.closed, sinks[0].closed, sinks[1].closed) == (1, 1, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_even_a_source_that_says_nothing(parts, number):
    sinks, go = parts

    def say_nothing():
        signal.raise_signal(number)
        time.sleep(60)

    with (stop := Stop()).listening():
        began = time.monotonic()
        seen = go(FakeSource(3, then=say_nothing), stop=stop)
    assert time.monotonic() - began < 30
    assert (seen.windows, sinks[0].closed, stop.wanted) == (6, 1, True)


def test_verdicts_at_hand_are_finished_after_a_signal(parts, manifest, verdict_at):
    sinks, _ = parts
    sinks[0].put = lambda verdict, _latency: verdict.start or signal.raise_signal(signal.SIGTERM)
    with (stop := Stop()).listening():
        seen = run(FakeSource(10), manifest.signal, FakePipeline(verdict_at), sinks, stop=stop)
    assert (seen.windows, len(sinks[1].taken)) == (2, 2)


def test_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with Stop().listening():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
