"""Frames in the order in which they were sent, told by their sequence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from firmware_bridge.frames import Frame
from firmware_bridge.happenings import SessionCounts
from firmware_bridge.unfolding import nearest

HELD: Final = 8  # frames at most wait for one that is missing
HELD_S: Final = 0.25  # and no longer
MEMORY: Final = 256  # frames; whatever is older is no straggler
_OUTAGE_US: Final = 30_000_000  # no wearable sends half a round of the sequence in less


Place = Literal[
    "next",
    "ahead",  # others are missing before it
    "duplicate",
    "late",  # its place was given up
    "impossible",  # the sequence was begun anew
]


class Arrival(NamedTuple):
    """A frame, its unfolded clock, and when it came."""

    frame: Frame
    clock_us: int
    host_s: float


class Order:
    """Holds frames back while one before them is missing, `HELD` at most, for `HELD_S` at most.

    Attributes:
        held: By unfolded sequence, in the order in which they came.
    """

    def __init__(self, counts: SessionCounts) -> None:
        self._counts = counts
        self._next = -1  # unfolded sequence; none yet
        self._newest_us = 0
        self._past: list[int | None] = [None] * MEMORY  # clocks of the last frames by sequence; None: it never came
        self.held: dict[int, Arrival] = {}
        self._waits = True

    def place(self, arrival: Arrival) -> Place:
        """Where the frame belongs. Where that is ``next``, it has its turn before those that are `due`."""
        frame, clock_us, _ = arrival
        if self._next < 0:
            self._next = frame.sequence
        sequence = nearest(frame.sequence, self._next, 16)
        if sequence < self._next:
            if clock_us < self._newest_us + _OUTAGE_US:
                return self._behind(sequence, frame.clock_us)
            sequence += 1 << 16
        self._newest_us = max(self._newest_us, clock_us)
        if self.held:
            if sequence in self.held:
                return _again(self.held[sequence].frame.clock_us, frame.clock_us)
            self._counts.reordered += sequence < max(self.held)
        if sequence == self._next:
            self._pass(sequence, frame.clock_us)
            return "next"
        self.held[sequence] = arrival
        return "ahead"

    def due(self, host_s: float) -> Iterator[Arrival]:
        """Those held whose turn it is at `host_s`, in order; what was lost before each is counted as it is given."""
        while self.held and (self._next in self.held or self._is_overdue(host_s)):
            yield self._release()

    def flush(self) -> Iterator[Arrival]:
        """All that are held; nothing before the next frame, either, is waited for."""
        while self.held:
            yield self._release()
        self._waits = False

    def _behind(self, sequence: int, clock_us: int) -> Place:
        if sequence < self._next - MEMORY:
            return "impossible"
        past = self._past[sequence % MEMORY]
        if past is None:
            self._past[sequence % MEMORY] = clock_us
            return "late"
        return _again(past, clock_us)

    def _is_overdue(self, host_s: float) -> bool:
        longest = next(iter(self.held.values()))
        return not self._waits or len(self.held) > HELD or host_s - longest.host_s > HELD_S

    def _release(self) -> Arrival:
        sequence = min(self.held)
        arrival = self.held.pop(sequence)
        skipped = sequence - self._next
        self._counts.lost_frames += skipped
        for lost in range(sequence - min(skipped, MEMORY), sequence):
            self._past[lost % MEMORY] = None
        self._pass(sequence, arrival.frame.clock_us)
        return arrival

    def _pass(self, sequence: int, clock_us: int) -> None:
        self._past[sequence % MEMORY] = clock_us
        self._next = sequence + 1
        self._waits = True


def _again(known_us: int, clock_us: int) -> Place:
    """A frame comes twice with the same clock; with another it is another frame."""
    return "duplicate" if clock_us == known_us else "impossible"
