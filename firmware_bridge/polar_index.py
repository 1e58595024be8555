"""Which sample of a Polar strap's ECG is which: frames bear a time and no number. Pure."""

from __future__ import annotations

from typing import Final

_OFF: Final = 0.03  # so far the true rate may be from the nominal one
_TRUST: Final = 2  # frames that the nominal rate counts for
_STEADY: Final = 200  # frames, about two minutes, over which the line is drawn
_REPEATED_S: Final = 10.0  # a smaller jump back is a frame that came again; a larger one is a clock that was set
_AHEAD_S: Final = 120.0  # the strap's clock may run ahead of the arrival times by no more: a stall that is made good


class PolarIndex:
    """Numbers the samples by the times of their frames, so that what is missing is counted.

    A straight line is drawn through the times of the last samples (growing to fading memory, the g-h filter for a
    least-squares line), for they jitter, and the strap's rate is not quite the nominal one. A frame that comes half its
    own length or more after the line has lost others before it: as many samples as the line says. Less than that is
    jitter, for radio loses whole frames; so jitter neither makes a gap nor hides one. A clock that was set, or began
    anew with the strap, is bridged by the host's.

    Attributes:
        rate_hz: The nominal rate.
        clock_sets: How often the strap's clock was set or began anew.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.clock_sets = 0
        self._next = 0
        self._period_s = 1 / rate_hz
        self._frames = 0  # that the line rests on
        self._origin_ns = 0  # of the strap's clock: where its seconds below begin
        self._line_s = 0.0  # of the last sample, on the line
        self._last_s = 0.0  # of the last sample, as it was told
        self._host_s = 0.0  # when the last frame came

    def place(self, nanoseconds: int, count: int, host_s: float) -> int | None:
        """Number of the first of `count` samples whose last was taken at `nanoseconds`; None where they came before.

        Args:
            nanoseconds: Of the strap's clock.
            count: Samples of the frame.
            host_s: When the frame came, on a clock that never jumps.
        """
        if not self._frames:
            self._begin(nanoseconds)
        else:
            time_s = (nanoseconds - self._origin_ns) * 1e-9
            passed_s, waited_s = time_s - self._last_s, host_s - self._host_s
            if not -_REPEATED_S < passed_s < waited_s + _AHEAD_S:
                self.clock_sets += 1
                self._next += max(1, round(waited_s / self._period_s) - count)
                self._begin(nanoseconds)
            elif passed_s <= 0:
                return None
            else:
                self._next += self._missing(time_s, count)
                self._last_s = time_s
        self._host_s = host_s
        start, self._next = self._next, self._next + count
        return start

    def _begin(self, nanoseconds: int) -> None:
        self._origin_ns = nanoseconds
        self._line_s = self._last_s = 0.0
        self._frames = _TRUST

    def _missing(self, time_s: float, count: int) -> int:
        """Samples that were lost before this frame; draws the line on."""
        late_s = time_s - self._line_s - count * self._period_s
        missing = round(late_s / self._period_s)
        if 2 * missing >= count:
            self._line_s = time_s
            return missing
        self._frames = k = min(self._frames + 1, _STEADY)
        self._line_s += count * self._period_s + late_s * 2 * (2 * k - 1) / (k * (k + 1))
        nominal_s = 1 / self.rate_hz
        period_s = self._period_s + late_s / count * 6 / (k * (k + 1))
        self._period_s = min(max(period_s, nominal_s * (1 - _OFF)), nominal_s * (1 + _OFF))
        return 0
