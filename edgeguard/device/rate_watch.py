"""Whether a live source sends as many samples a second as it says: pure, with the times given."""

from __future__ import annotations

from typing import Final

TOLERANCE: Final = 0.05  # no wearable's clock is that wrong
BURST_S: Final = 2.0  # seconds of samples that may come too early: links send in packets
STALL_S: Final = 2.0  # a pause of this length is a stall, after which everything may come at once
MINUTE_S: Final = 60.0


class RateWatch:
    """Compares what came with what the clock allows.

    Too fast: over all time, more samples came than `rate_hz` and its tolerance allow, by more than `BURST_S`. A stall
    may be made good for as long as it lasted, a minute at least, and not later; so may a minute before the first
    samples. Too slow: in a minute, stalls not counted, more than the tolerance too few.

    Attributes:
        rate_hz: What the source says.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._last_s: float | None = None
        self._ahead = 0.0  # samples that came before the clock allowed them; below zero only after a stall
        self._owed_until_s = 0.0  # until then a stall may be made good
        self._active_s = 0.0
        self._samples = 0
        self._fast = self._slow = False

    @property
    def wrong(self) -> bool:
        """Whether the rate is wrong right now."""
        return self._fast or self._slow

    def saw(self, samples: int, now_s: float, missing: int = 0) -> None:
        """Take note that `samples` came at `now_s`, and `missing` before them did not."""
        pause_s = MINUTE_S if self._last_s is None else now_s - self._last_s
        self._see_fast(samples, pause_s, now_s)
        self._see_slow(samples + missing, pause_s)
        self._last_s = now_s

    def _see_fast(self, samples: int, pause_s: float, now_s: float) -> None:
        limit = BURST_S * self.rate_hz
        if pause_s > STALL_S:
            self._owed_until_s = max(self._owed_until_s, now_s + max(pause_s, MINUTE_S))
        ahead = self._ahead + samples - (1 + TOLERANCE) * self.rate_hz * pause_s
        if now_s > self._owed_until_s:
            ahead = max(ahead, 0.0)
        self._fast = ahead > limit or (self._fast and ahead > 0)
        self._ahead = min(ahead, 2 * limit)  # so that it comes down soon when the rate is right again

    def _see_slow(self, samples: int, pause_s: float) -> None:
        if pause_s > STALL_S:
            return
        self._active_s += pause_s
        self._samples += samples
        if self._active_s >= MINUTE_S:
            self._slow = self._samples < (1 - TOLERANCE) * self.rate_hz * self._active_s
            self._active_s, self._samples = 0.0, 0
