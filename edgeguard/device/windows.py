"""Cut a stream of samples into windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.spec import SignalSpec

Signal = NDArray[np.float32]


class WindowCutter:
    """Windows of `signal.window` samples every `signal.hop`, whatever the sizes of the chunks they arrive in.

    One window is held in memory, however long the stream.
    """

    def __init__(self, signal: SignalSpec) -> None:
        self._hop = signal.hop
        self._buffer = np.empty(signal.shape, dtype=np.float32)
        self._filled = 0  # samples in the buffer; below zero: samples to pass over before it, where hop > window
        self._fed = 0

    def feed(self, values: Signal) -> list[tuple[int, Signal]]:
        """Start, counted in samples fed so far, and values (channels, window) of every window that is complete."""
        cut: list[tuple[int, Signal]] = []
        window, hop = self._buffer.shape[1], self._hop
        at, end = 0, values.shape[1]
        while at < end:
            wanted = window - self._filled if self._filled >= 0 else -self._filled
            taken = min(wanted, end - at)
            if self._filled >= 0:
                self._buffer[:, self._filled : self._filled + taken] = values[:, at : at + taken]
            at += taken
            self._filled += taken
            if self._filled == window:
                cut.append((self._fed + at - window, self._buffer.copy()))
                if hop < window:
                    self._buffer[:, : window - hop] = self._buffer[:, hop:]
                self._filled = window - hop
        self._fed += end
        return cut
