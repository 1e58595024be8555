"""The peer: onnxruntime on the same graph, with the session options of the device, doing nothing but inferences."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

import numpy as np

from edgeguard.bundle.layout import INPUT, LOGITS, MODEL
from edgeguard.bundle.reader import Bundle
from edgeguard.device.engines.onnx_runtime import session_from_bytes

BATCHES: Final = (1, 4, 8, 16, 32, 64, 128)
_WINDOWS: Final = 256


class Rate(NamedTuple):
    """Windows a second by the clock, and microseconds of processor time for each."""

    per_s: float
    cpu_us: float


class Bare:
    """Windows of noise through the graph of `bundle`, on one thread.

    Attributes:
        best_batch: The batch size with the least processor time for a window.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._session = session_from_bytes(bundle.content[MODEL], MODEL)
        shape = (max(BATCHES), *bundle.manifest.signal.shape)
        self._windows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        self.run(_WINDOWS, 1)
        self.best_batch = min(BATCHES, key=lambda batch: self.run(_WINDOWS, batch).cpu_us)

    def once(self) -> None:
        """One window."""
        self._session.run([LOGITS], {INPUT: self._windows[:1]})

    def run(self, windows: int, batch: int) -> Rate:
        """At least so many windows."""
        rounds = -(-windows // batch)
        part = self._windows[:batch]
        began, cpu_began = time.perf_counter(), time.process_time()
        for _ in range(rounds):
            self._session.run([LOGITS], {INPUT: part})
        count = rounds * batch
        cpu_us = 1e6 * (time.process_time() - cpu_began) / count
        return Rate(count / (time.perf_counter() - began), cpu_us)
