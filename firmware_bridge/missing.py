"""Which samples are missing: told by their index, by heartbeats, and, over a restart, by the clocks. Pure."""

from __future__ import annotations

from typing import Final

from firmware_bridge.happenings import SessionCounts
from firmware_bridge.unfolding import nearest

_U32: Final = (1 << 32) - 1
_HALF: Final = 1 << 31
_FAST: Final = 1.5  # an index that runs ahead of the clock by more, and by more than `_LEAP_S`, cannot be
_LEAP_S: Final = 2.0
_ASTRAY_S: Final = 60.0  # host and wearable apart by so much: the host slept, and does not know the clock's turns


class Missing:
    """Gives each run of samples its start since the session began, and counts what is missing before it.

    A heartbeat's word is taken at once where it cannot be wrong (nothing is sent any more, or frames were lost), and
    corrected by the next samples.
    """

    def __init__(self, counts: SessionCounts) -> None:
        self._counts = counts
        self._start = 0  # of the next run, if nothing is missing
        self._ended_s: float | None = None  # the last run, in the host's seconds
        self._rate_hz = 0.0  # not yet known
        self._told = 0  # missing since the last run, and counted already
        self._paused = False  # since the last run, or by the first heartbeat
        self._was_paused = False  # before it began to count anew
        self.begin()
        self._lost: int | None = None  # as last told; from there on they are counted

    def begin(self) -> None:
        """The wearable counts anew."""
        self._index: int | None = None  # that the next run should have
        self._seen = (0, 0.0, 0)  # clock, host's seconds and samples of the last run
        self._was_paused |= self._paused
        self._paused = False
        self._lost = 0
        self._frames_lost = self._counts.lost_frames

    def heartbeat(self, next_index: int, lost: int, streaming: bool, clock_us: int, host_s: float) -> None:
        """Take what a heartbeat says."""
        if self._lost is not None and (more := (lost - self._lost) & _U32) < _HALF:
            self._counts.lost_on_wearable += more
        self._lost = lost
        if self._index is None:
            if self._ended_s is not None or streaming:
                return
            self._index, self._seen = next_index, (clock_us, host_s, 0)
        self._paused |= not streaming
        gap = (next_index - self._index) & _U32
        is_sure = not streaming or self._counts.lost_frames > self._frames_lost
        if is_sure and gap < _HALF and self._can_be(gap, clock_us, host_s):
            self._tell(gap)

    def run(self, index: int, count: int, clock_us: int, host_s: float, taken_s: float, rate_hz: float) -> int | None:
        """The start of a run of samples; None where its index cannot be.

        Args:
            index: Of its first sample, modulo 2**32.
            count: Samples of each channel.
            clock_us: Of its first sample, unfolded.
            host_s: When it came.
            taken_s: When its first sample was taken, in the host's seconds.
            rate_hz: Samples per second.
        """
        self._rate_hz = rate_hz
        if self._index is None:
            gap = self._since_end(taken_s)
        else:
            gap = (index - self._index) & _U32
            if gap and not self._can_be(gap, clock_us, host_s):
                return None
            self._tell(gap - 1 if gap and self._paused else gap)  # a start leaves one number out
        self._told, self._paused, self._was_paused = 0, False, False
        start = self._start + gap
        self._start = start + count
        self._ended_s = taken_s + count / rate_hz
        self._index, self._seen = (index + count) & _U32, (clock_us, host_s, count)
        self._frames_lost = self._counts.lost_frames
        return start

    def _since_end(self, taken_s: float) -> int:
        """Samples that went by since the last run, one at least; told by the clocks."""
        if self._ended_s is None:
            return 0
        if self._was_paused:
            return 1
        gap = max(1, round((taken_s - self._ended_s) * self._rate_hz))
        self._tell(gap)
        return gap

    def _tell(self, missing: int) -> None:
        self._counts.missing += missing - self._told
        self._counts.gaps += (missing > 0) - (self._told > 0)
        self._told = missing

    def _can_be(self, gap: int, clock_us: int, host_s: float) -> bool:
        if not self._rate_hz:
            return True
        seen_us, seen_s, count = self._seen
        samples_s = (gap + count) / self._rate_hz
        elapsed_us = clock_us - seen_us
        if abs(elapsed_us * 1e-6 - (host_s - seen_s)) > _ASTRAY_S:
            elapsed_us = nearest(elapsed_us & _U32, int(samples_s * 1e6), 32)
        return samples_s <= _FAST * elapsed_us * 1e-6 + _LEAP_S
