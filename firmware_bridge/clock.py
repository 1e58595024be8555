"""The wearable's clock against the host's: offset and drift, robust against late frames, monotone. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

WINDOW_S: Final = 10.0  # of the host's time: of each, the earliest frame counts
WINDOWS: Final = 60
_EARLY_S: Final = 0.25  # so much cannot be jitter: the host slept, or all frames before were late
_LATE_S: Final = 1.0  # so late for `_LATE_WINDOWS` on end: the wearable's clock stood still
_LATE_WINDOWS: Final = 6
_KNOWN_WINDOWS: Final = 6  # from which on the drift is told
_CRYSTAL: Final = 500e-6  # no crystal drifts more


class ClockModel:
    """Estimates host time as a line over device time. Frames come late, never early: the earliest ones count.

    Attributes:
        drift_ppm: How much faster the wearable's clock runs than the host's, in millionths; None before it is known.
    """

    def __init__(self) -> None:
        self.drift_ppm: float | None = None
        self._slope = 0.0  # seconds that the host's clock gains on the wearable's in each second
        self._minima: deque[tuple[float, float]] = deque(maxlen=WINDOWS)
        self._told_us = -1
        self._told_s = -np.inf
        self._origin_us = -1
        self._offset_s = 0.0

    def observe(self, device_us: int, host_s: float) -> None:
        """A frame whose (unfolded) clock is `device_us` came at `host_s`."""
        if self._told_s == -np.inf and self._origin_us < 0:
            self._begin(device_us, host_s)
        device_s = (device_us - self._origin_us) * 1e-6
        late_s = host_s - device_s - self._offset_s - self._slope * device_s
        if late_s < -_EARLY_S:
            self._begin(device_us, host_s)
        elif late_s < 0:
            self._offset_s += late_s

    def _begin(self, device_us: int, host_s: float) -> None:
        self._origin_us, self._offset_s = device_us, host_s

    def host_s(self, device_us: int) -> float:
        """When it was `device_us`, in host seconds; for rising `device_us` never goes back, however the line turns."""
        device_s = (device_us - self._origin_us) * 1e-6
        host_s = self._offset_s + device_s * (1 + self._slope)
        if device_us >= self._told_us:
            self._told_us, self._told_s = device_us, max(self._told_s, host_s)
            return self._told_s
        return min(host_s, self._told_s)
