"""Windows around the beats of a stream."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.r_peaks import RPeakDetector
from edgeguard.signals.spec import SignalSpec

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


class BeatCutter:
    """Windows of `signal.window` samples around the R peaks of the first channel, the same for any chunks.

    The peak is number `signal.beats.before` of its window. A beat whose window would begin before the first sample, or
    end after the last one, gives none. Memory holds the detector's longest delay and one window.
    """

    def __init__(self, signal: SignalSpec) -> None:
        if signal.beats is None or signal.rate_hz is None:
            raise ValueError("the signal has no beats")
        self._before, self._window = signal.beats.before, signal.window
        self._detector = RPeakDetector(signal.rate_hz)
        self._kept = self._detector.longest_delay + signal.window
        self._values: Floats = np.zeros((len(signal.channels), 0), dtype=np.float32)  # the newest samples
        self._fed = 0
        self._starts: deque[int] = deque()  # of windows that are not complete yet

    def feed(self, values: Floats) -> list[tuple[int, Floats]]:
        """Start and values (channels, window) of each window that the next samples (channels, n) complete, in order.

        A start counts samples since construction.
        """
        self._values = np.concatenate((self._values[:, -self._kept :], values), axis=1)
        self._fed += values.shape[1]
        return self._complete(self._detector.feed(values[0]))

    def finish(self) -> list[tuple[int, Floats]]:
        """The windows of beats that were still pending at the end; nothing may be fed afterwards."""
        return self._complete(self._detector.finish())

    def _complete(self, peaks: list[int]) -> list[tuple[int, Floats]]:
        self._starts.extend(peak - self._before for peak in peaks if peak >= self._before)
        first, windows = self._fed - self._values.shape[1], []
        while self._starts and self._starts[0] + self._window <= self._fed:
            start = self._starts.popleft()
            windows.append((start, self._values[:, start - first : start - first + self._window].copy()))
        return windows


def beats_at(values: Floats, peaks: Indices, signal: SignalSpec) -> tuple[Floats, Indices]:
    """Windows around given peaks of a whole recording, cut as `BeatCutter` cuts them.

    Args:
        values: (channels, n) at `signal.rate_hz`.
        peaks: (beats,) sample indices.
        signal: With beats.

    Returns:
        (kept, channels, window), and which of the peaks they are; a window that is not wholly inside gives none.
    """
    if signal.beats is None:
        raise ValueError("the signal has no beats")
    starts = np.asarray(peaks, dtype=np.int64) - signal.beats.before
    kept = np.flatnonzero((starts >= 0) & (starts + signal.window <= values.shape[1]))
    samples = starts[kept, None] + np.arange(signal.window)
    return np.ascontiguousarray(np.moveaxis(values[:, samples], 0, 1), dtype=np.float32), kept


def nearest_peaks(annotated: Indices, detected: Indices, tolerance: int) -> Indices:
    """For each annotated peak the detected one nearest to it, or itself where none is within `tolerance` samples.

    Windows of training then lie where the device's will lie. `detected` must rise.
    """
    annotated = np.asarray(annotated, dtype=np.int64)
    if len(detected) == 0:
        return annotated
    detected = np.asarray(detected, dtype=np.int64)
    after = np.searchsorted(detected, annotated).clip(1, len(detected)) - 1
    either = np.stack([detected[after], detected[np.minimum(after + 1, len(detected) - 1)]])
    nearest = np.where(abs(either[0] - annotated) <= abs(either[1] - annotated), either[0], either[1])
    return np.where(abs(nearest - annotated) <= tolerance, nearest, annotated)
