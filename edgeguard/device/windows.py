"""Cut a stream of samples into windows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples, StreamCounts
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec

Window = NDArray[np.float32]


class WindowCutter:
    """Windows of `signal.window` samples every `signal.hop`, whatever the sizes of the chunks they arrive in.

    A window is never cut across a gap: the part before it is dropped and the first sample after it begins a new
    window. One window is held in memory, however long the stream.
    """

    def __init__(self, signal: SignalSpec) -> None:
        self.signal = signal
        self.counts = StreamCounts()
        self._buffer = np.empty(signal.shape, dtype=np.float32)
        self._filled = 0  # samples in the buffer; below zero: samples to pass over before it, where hop > window
        self._next: int | None = None  # index of the next sample expected

    def cut(self, samples: Samples) -> Iterator[tuple[int, Window]]:
        """Start and values (channels, samples) of every window that `samples` complete.

        SourceError where the channels are not those of the signal.
        """
        values = self._new_part(samples)
        window, hop = self.signal.window, self.signal.hop
        at, end = 0, values.shape[1]
        while at < end:
            wanted = window - self._filled if self._filled >= 0 else -self._filled
            taken = min(wanted, end - at)
            if self._filled >= 0:
                self._buffer[:, self._filled : self._filled + taken] = values[:, at : at + taken]
            at += taken
            self._filled += taken
            self._next += taken
            if self._filled == window:
                yield self._next - window, self._buffer.copy()
                if hop < window:
                    self._buffer[:, : window - hop] = self._buffer[:, hop:]
                self._filled = window - hop

    def _new_part(self, samples: Samples) -> Window:
        """The values not seen before; notes a gap or a repeat."""
        values = samples.values
        if values.ndim != 2 or values.shape[0] != self._buffer.shape[0]:
            raise SourceError(
                f"the source gives samples of shape {values.shape}, the model takes "
                f"{len(self.signal.channels)} channels ({', '.join(self.signal.channels)}): choose its channels"
            )
        if self._next is None:
            self._next = samples.start
        jump = samples.start - self._next
        if jump > 0:
            self.counts.gaps += 1
            self.counts.missing_samples += jump
            self._next, self._filled = samples.start, 0
        elif jump < 0:
            repeated = min(-jump, values.shape[1])
            self.counts.repeated_samples += repeated
            values = values[:, repeated:]
        return values
