"""The last stretch of a stream, to look back at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]


class History:
    """The last `length` samples of what was appended, in parts of at most `part`; memory does not grow."""

    def __init__(self, channels: int, length: int, part: int) -> None:
        self._length = length
        self._buffer = np.empty((channels, length + part), dtype=np.float32)
        self._filled = 0
        self._first = 0  # index of the first sample in the buffer, counted from the first one ever

    def append(self, values: Signal) -> None:
        """Take the next samples (channels, n)."""
        n = values.shape[1]
        if self._filled + n > self._buffer.shape[1]:
            passed = self._filled - self._length
            self._buffer[:, : self._length] = self._buffer[:, passed : self._filled]
            self._filled, self._first = self._length, self._first + passed
        self._buffer[:, self._filled : self._filled + n] = values
        self._filled += n

    def between(self, start: int, end: int) -> Signal:
        """A view of the samples from `start` up to `end`, as far as they are still, or already, there."""
        return self._buffer[:, max(start - self._first, 0) : max(min(end - self._first, self._filled), 0)]
