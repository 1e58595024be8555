"""The loop of the device: source, pipeline, sinks, until the source ends or someone says stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from types import FrameType
from typing import Final, Protocol

from edgeguard.device.samples import Samples, Sink, Source, Verdict
from edgeguard.signals.spec import SignalSpec

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Step(Protocol):
    """What turns samples into verdicts; `edgeguard.device.pipeline.Pipeline` does."""

    def step(self, samples: Samples) -> list[Verdict]:
        """The verdicts on all windows that `samples` complete."""
        ...


@dataclass
class Seen:
    """What went by until the end: windows, the rejected ones too, and alarms."""

    windows: int = 0
    rejected: int = 0
    alarms: int = 0


class Stop:
    """A wish to stop, by SIGTERM or SIGINT while `listening`; a second one has the signal's usual effect.

    The wait for samples is broken off at once, but nothing else is: no sink is left with half a verdict.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._waiting = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals inside the block; of the main thread only."""
        before = [(number, signal.signal(number, self._heard)) for number in _SIGNALS]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def until_wanted(self, samples: Iterator[Samples]) -> Iterator[Samples]:
        """`samples`, until they end or a stop is wanted."""
        with suppress(_BrokenOff):
            while not self.wanted and (chunk := self._next(samples)) is not None:
                yield chunk

    def _next(self, samples: Iterator[Samples]) -> Samples | None:
        try:
            self._waiting = True
            return next(samples, None)
        finally:
            self._waiting = False

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.wanted = True
        if self._waiting:
            raise _BrokenOff


class _BrokenOff(BaseException):
    """Ends the wait for samples; not an Exception, so that no source takes it for an error of its own."""


def run(
    source: Source,
    signal_spec: SignalSpec,
    pipeline: Step,
    sinks: Sequence[Sink],
    *,
    limit: int | None = None,
    stop: Stop | None = None,
) -> Seen:
    """Give every verdict to every sink until the source ends, `limit` windows are done or `stop` is wanted.

    Source and sinks are closed in any case; what the source or the model raise passes through after that.
    """
    seen = Seen()
    with ExitStack() as closing:
        for sink in sinks:
            closing.callback(sink.close)
        closing.callback(source.close)
        samples = (stop or Stop()).until_wanted(source.samples(signal_spec))
        for verdict, latency_ms in islice(_judged(samples, pipeline), limit):
            seen.windows += 1
            seen.rejected += verdict.rejected is not None
            seen.alarms += verdict.alarm
            for sink in sinks:
                sink.put(verdict, latency_ms)
    return seen


def _judged(samples: Iterator[Samples], pipeline: Step) -> Iterator[tuple[Verdict, float]]:
    for chunk in samples:
        began = time.perf_counter()
        verdicts = pipeline.step(chunk)
        latency_ms = 1000 * (time.perf_counter() - began)
        for verdict in verdicts:
            yield verdict, latency_ms
