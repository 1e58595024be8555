"""The wearable's clock against the host's: offset and drift, robust against late frames, monotone. Pure."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

WINDOW_S: Final = 10.0  # of each, the earliest frame counts
WINDOWS: Final = 60
KNOWN: Final = 12  # windows from which on the drift is told
_EARLY_S: Final = 0.25  # earlier than any line errs: the host slept, or all frames before were late
_CRYSTAL: Final = 500e-6  # no crystal drifts more


class ClockModel:
    """Estimates host time as a line over device time. Frames come late, never early: the earliest ones count.

    Of the frames that come in each 10 s of the host's time, the earliest is kept, for ten minutes. The line's slope is
    the median slope of all pairs of them (Theil 1950, Sen 1968); it lies so low that none of them came early. A frame
    that comes 0.25 s too early lets the line begin anew, with the slope that it had: the host slept, or all frames
    before were late.

    How well that does, where frames come once a second, late by 20 ms on average (exponentially), and the crystal is
    off by up to 100 millionths: after ten minutes the drift is right within 5 millionths, the time within 2 ms. So it
    is with stalls of ten seconds every minute, and where ten a second come in bursts of 12. For the first two minutes
    the drift is taken for 0, and the time is right within 15 ms as soon as one frame came in time. A drift that grows
    by 1 millionth a minute is followed five minutes behind, at a cost of 1 ms. What the fastest frame takes over the
    link nobody can know; all times are late by as much. A clock of the wearable that stood still is believed after 10
    min.

    Attributes:
        drift_ppm: How much faster the wearable's clock runs than the host's, in millionths; None before it is known.
    """

    def __init__(self) -> None:
        self.drift_ppm: float | None = None
        self._origin_us: int | None = None
        self._offset_s = 0.0  # host time at the origin
        self._slope = 1.0  # host seconds in a second of the wearable
        self._minima: deque[tuple[float, float]] = deque(maxlen=WINDOWS)  # device and host seconds of the earliest
        self._earliest = (0.0, 0.0)  # of the window under way
        self._least_s = math.inf  # that it was late
        self._until_s = math.inf  # end of the window under way
        self._told_us = 0
        self._told_s = -math.inf

    def observe(self, device_us: int, host_s: float) -> None:
        """A frame whose (unfolded) clock is `device_us` came at `host_s`."""
        if self._origin_us is None:
            self._origin_us = device_us
            self._begin(0.0, host_s)
        device_s = (device_us - self._origin_us) * 1e-6
        late_s = self._late_s(device_s, host_s)
        if late_s < -_EARLY_S:
            self._begin(device_s, host_s)
            late_s = 0.0
        elif host_s >= self._until_s:
            self._close_window(host_s)
            late_s = self._late_s(device_s, host_s)
        if late_s < self._least_s:
            self._least_s, self._earliest = max(late_s, 0.0), (device_s, host_s)
            self._offset_s += min(late_s, 0.0)

    def host_s(self, device_us: int) -> float:
        """When it was `device_us`, in host seconds; for rising `device_us` never goes back, however the line turns."""
        if self._origin_us is None:
            raise ValueError("no frame was observed yet")
        host_s = self._offset_s + self._slope * ((device_us - self._origin_us) * 1e-6)
        if device_us < self._told_us:
            return min(host_s, self._told_s)
        self._told_us, self._told_s = device_us, max(host_s, self._told_s)
        return self._told_s

    def _late_s(self, device_s: float, host_s: float) -> float:
        return host_s - self._offset_s - self._slope * device_s

    def _begin(self, device_s: float, host_s: float) -> None:
        """Let the line go through this frame, and forget those before; the crystal stays the same."""
        self._minima.clear()
        self._offset_s = host_s - self._slope * device_s
        self._least_s, self._until_s = math.inf, host_s + WINDOW_S

    def _close_window(self, host_s: float) -> None:
        self._minima.append(self._earliest)
        self._least_s, self._until_s = math.inf, host_s + WINDOW_S
        while self._minima and self._minima[0][1] < host_s - (WINDOWS + 1) * WINDOW_S:
            self._minima.popleft()
        if self._minima:
            self._fit()

    def _fit(self) -> None:
        device_s, host_s = np.array(self._minima).T
        if len(device_s) >= KNOWN and not math.isnan(slope := _theil_sen(device_s, host_s)):
            self._slope = min(max(slope, 1 - _CRYSTAL), 1 + _CRYSTAL)
            self.drift_ppm = (1 / self._slope - 1) * 1e6
        self._offset_s = float((host_s - self._slope * device_s).min())


def _theil_sen(device_s: NDArray[np.float64], host_s: NDArray[np.float64]) -> float:
    """The median slope of all pairs that lie a good half window apart; NaN where there are none."""
    one, other = np.triu_indices(len(device_s), 1)
    run_s = device_s[other] - device_s[one]
    apart = np.abs(run_s) > WINDOW_S / 2
    return float(np.median((host_s[other] - host_s[one])[apart] / run_s[apart])) if apart.any() else math.nan
