"""The peer: onnxruntime on the same graph, with the session options of the device, doing nothing but inferences."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from edgeguard.bundle.layout import INPUT, LOGITS, MODEL
from edgeguard.bundle.reader import Bundle
from edgeguard.device.engines.onnx_runtime import session_from_bytes

BATCHES: Final = (1, 4, 8, 16, 32, 64, 128)
_WINDOWS: Final = 256


class Bare:
    """Windows of noise through the graph of `bundle`, on one thread.

    Attributes:
        best_batch: The batch size with the most windows a second.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._session = session_from_bytes(bundle.content[MODEL], MODEL)
        shape = (max(BATCHES), *bundle.manifest.signal.shape)
        self._windows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        self.run(_WINDOWS, 1)
        self.best_batch = max(BATCHES, key=lambda batch: self.run(_WINDOWS, batch))

    def once(self) -> None:
        """One window."""
        self._session.run([LOGITS], {INPUT: self._windows[:1]})

    def run(self, windows: int, batch: int) -> float:
        """Windows a second over at least so many windows."""
        rounds = -(-windows // batch)
        part = self._windows[:batch]
        began = time.perf_counter()
        for _ in range(rounds):
            self._session.run([LOGITS], {INPUT: part})
        return rounds * batch / (time.perf_counter() - began)
