"""Numbers that come round, made to go on for ever."""

from __future__ import annotations

from typing import Final

_BACK_US: Final = 300_000_000  # a frame may be older than one before it by what it holds and what held it back


def nearest(folded: int, expected: int, bits: int) -> int:
    """The number that is `folded` modulo 2**bits and nearest to `expected`; from half of the range on, below it."""
    half = 1 << (bits - 1)
    return expected + ((folded - expected + half) & (2 * half - 1)) - half


class UnfoldedClock:
    """A clock of microseconds modulo 2**32 that goes on for ever; after an outage the host's clock tells the turns."""

    def __init__(self) -> None:
        self._newest_us: int | None = None
        self._heard_s = 0.0

    def unfold(self, clock_us: int, host_s: float) -> int:
        """What `clock_us` of a frame that came at `host_s` is; no less than five minutes before the newest.

        A host that slept, its clock with it, does not know of turns meanwhile.
        """
        newest_us = self._newest_us
        if newest_us is None:
            self._newest_us, self._heard_s = clock_us, host_s
            return clock_us
        unfolded = nearest(clock_us, newest_us + int((host_s - self._heard_s) * 1e6), 32)
        if unfolded < newest_us - _BACK_US:
            unfolded += 1 << 32
        if unfolded > newest_us:
            self._newest_us, self._heard_s = unfolded, host_s
        return unfolded
