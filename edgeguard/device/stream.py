"""Stand-in."""
from __future__ import annotations
from edgeguard.device.samples import Samples, StreamCounts, Window
from edgeguard.device.windows import WindowCutter
from edgeguard.signals.spec import SignalSpec

class Stream:
    def __init__(self, signal: SignalSpec, rate_hz: float | None, source_name: str) -> None:
        self._cutter = WindowCutter(signal)
        self.counts: StreamCounts = self._cutter.counts
        self._name = source_name
    def feed(self, samples: Samples) -> list[Window]:
        return [Window(start, values, source=self._name) for start, values in self._cutter.cut(samples)]
