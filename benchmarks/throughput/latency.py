"""From the last sample of a window to its verdict, one source alone, in turns with bare onnxruntime."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.throughput.bare import Bare
from benchmarks.throughput.in_process import serve
from benchmarks.throughput.memory_source import recordings
from benchmarks.throughput.meter import Meter
from edgeguard.device.samples import Feed, Samples
from edgeguard.device.stream import Stream
from edgeguard.signals.spec import SignalSpec

CHUNK: Final = 36  # samples: a tenth of a second


class _AnsweredSource:
    """Sends a chunk once the verdicts on the last one are there; a stream of its own says how many there will be."""

    def __init__(self, signal: SignalSpec, bare: Bare, windows: int) -> None:
        (self._recording, *_), self._rate_hz = recordings(signal)
        self._shadow = Stream(signal, self._rate_hz)
        self._bare, self._windows = bare, windows
        self._loop = asyncio.get_running_loop()
        self._answered = asyncio.Event()
        self._verdict_us = 0.0
        self._told_ns = 0
        self._awaited = 0
        self.times_us: list[tuple[float, float, float]] = []

    def on_verdict(self, latency_ms: float) -> None:
        """Called in the worker's thread, behind all sinks; the latency is the daemon's own, before them."""
        self._awaited -= 1
        if self._awaited == 0:
            self._told_ns, self._verdict_us = time.perf_counter_ns(), 1e3 * latency_ms
            self._loop.call_soon_threadsafe(self._answered.set)

    async def open(self, _signal: SignalSpec) -> Feed:
        """Once."""
        return Feed(self._rate_hz, self._samples(), live=False)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _samples(self) -> AsyncIterator[Samples]:
        number = 0
        while len(self.times_us) < self._windows:
            at = CHUNK * number % (self._recording.shape[1] - CHUNK)
            samples = Samples(CHUNK * number, self._recording[:, at : at + CHUNK])
            number += 1
            windows = len(self._shadow.feed(samples))
            self._awaited = windows
            bare_us = self._bare_us() if windows and number % 2 else 0.0
            self._answered.clear()
            began = time.perf_counter_ns()
            yield samples
            if windows:
                await self._answered.wait()
                told_us = (self._told_ns - began) / 1e3
                self.times_us.append((self._verdict_us, told_us, bare_us or self._bare_us()))

    def _bare_us(self) -> float:
        began = time.perf_counter_ns()
        self._bare.once()
        return (time.perf_counter_ns() - began) / 1e3


def from_sample_to_verdict(bundle: Path, signal: SignalSpec, bare: Bare, windows: int) -> dict[str, Any]:
    """Microseconds until the verdict, and until log and spool have it too, of bare onnxruntime, and what each adds."""
    times = asyncio.run(_measure(bundle, signal, bare, windows))[windows // 5 :]
    return {
        "windows": len(times),
        "verdict_us": _percentiles(times[:, 0]),
        "told_us": _percentiles(times[:, 1]),
        "onnxruntime_us": _percentiles(times[:, 2]),
        "added_us": _percentiles(times[:, 0] - times[:, 2]),
        "added_until_told_us": _percentiles(times[:, 1] - times[:, 2]),
    }


async def _measure(bundle: Path, signal: SignalSpec, bare: Bare, windows: int) -> NDArray[np.float64]:
    source = _AnsweredSource(signal, bare, windows)
    await serve(bundle, lambda: {"one": source}, Meter(source.on_verdict))
    return np.array(source.times_us)


def _percentiles(values: NDArray[np.float64]) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(values, q)), 1) for q in (50, 99)}
