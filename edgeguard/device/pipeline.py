"""Samples in, verdicts out: a pure step, no clock and no socket."""

from __future__ import annotations

from itertools import islice
from typing import Final

from edgeguard.device.judge import Judge
from edgeguard.device.samples import Samples, Verdict
from edgeguard.device.stream import Stream

MAX_BATCH: Final = 64  # windows in one call of the model


class Pipeline:
    """The stream of one source and the judge of its windows.

    Args:
        judge: Judges by the facts of a bundle.
        rate_hz: Of the source; by default, the model's own.
        source: Its name.
    """

    def __init__(self, judge: Judge, rate_hz: float | None = None, source: str = "") -> None:
        signal = judge.manifest.signal
        self._stream = Stream(signal, rate_hz or signal.rate_hz, source)
        self._judge = judge
        self.counts = self._stream.counts

    def step(self, samples: Samples) -> list[Verdict]:
        """The verdicts on all windows that `samples` complete, in order.

        The same stream gives the same windows in chunks of any size. SourceError where the channels are not the
        model's; what the engine raises passes through.
        """
        windows = iter(self._stream.feed(samples))
        verdicts: list[Verdict] = []
        while batch := list(islice(windows, MAX_BATCH)):
            verdicts.extend(self._judge.judge(batch))
        return verdicts
