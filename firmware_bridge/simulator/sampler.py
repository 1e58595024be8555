"""The converter of a virtual wearable and the ring buffer behind it: every sample numbered, sent or lost. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.coding import MISSING
from firmware_bridge.frames import Hello
from firmware_bridge.simulator.cutting import Piece, first_piece, numbers_of, samples_per_frame

RING_S: Final = 2.0  # of samples that wait while nobody reads; what comes then is lost
_BLOCK: Final = 4096  # samples asked for at once

# The next n samples, (channels, n) in the channels' units, NaN where one is missing; fewer at the end, then None.
Signal: TypeAlias = Callable[[int], "NDArray[np.float32] | None"]


@dataclass(frozen=True)
class Sampling:
    """How samples become frames.

    Attributes:
        delta: Differences where they take less room.
        most: Samples of each channel in a frame; None for what comes in a tenth of a second or fits.
    """

    delta: bool = True
    most: int | None = None


@dataclass
class WearableCounts:
    """What a wearable did so far, restarts included; samples of each channel.

    Attributes:
        taken: Samples.
        sent: Samples.
        lost: Samples that found no room.
        frames: Of all types that were sent.
        commands: That were obeyed or refused, repeats included.
        restarts: After the first start.
    """

    taken: int = 0
    sent: int = 0
    lost: int = 0
    frames: int = 0
    commands: int = 0
    restarts: int = 0


class Sampler:
    """Takes samples from a wearable's start on.

    Args:
        hello: What the samples are.
        signal: Where they come from.
        sampling: How they become frames.
        clock: How many seconds of the wearable's clock a second has.
        counts: Where those taken and lost are counted.

    Attributes:
        next_index: That the next sample will have.
        lost: Samples that found no room.
        streaming: Whether it takes samples.
        over: Whether the signal has ended.
        off: Bit k set while the lead of channel k is off.
        blocked: Whether samples find no room at all.
    """

    def __init__(self, hello: Hello, signal: Signal, sampling: Sampling, clock: float, counts: WearableCounts) -> None:
        self.next_index = self.lost = self.off = 0
        self.streaming = self.over = self.blocked = False
        self._signal = signal
        self._sampling = sampling
        self._clock = clock
        self._counts = counts
        self._pending = np.empty((len(hello.channels), 0), np.int32)  # the last ones before the next index
        self._ready: list[tuple[int, float, Piece]] = []
        self._run = 0, 0.0
        self.set_hello(hello)

    def set_hello(self, hello: Hello) -> None:
        """Take another rate; only while not streaming."""
        self._hello = hello
        self._rate_hz = hello.rate_hz * self._clock
        self._most = self._sampling.most or samples_per_frame(hello, delta=self._sampling.delta)
        self._room = self._ring = max(1, round(RING_S * hello.rate_hz))

    def start(self, now_s: float) -> None:
        """Take the first sample now; one number is left out."""
        self._cut(1)
        self.next_index += 1
        self._run = self.next_index, now_s
        self.streaming = True

    def take(self, until_s: float) -> None:
        """Take what is due by then."""
        while self.streaming and (due := self._due(until_s)) > 0:
            values = self._signal(min(due, _BLOCK))
            if values is None or values.shape[1] == 0:
                self.streaming, self.over = False, True
            else:
                self._keep(numbers_of(values, self._hello))
        self._cut(self._most if self.streaming else 1)

    def sendable(self, *, all_: bool) -> list[tuple[int, float, Piece]]:
        """Index, time and data of each frame that is full; of all that is left with `all_`."""
        if all_:
            self._cut(1)
        ready, self._ready = self._ready, []
        return ready

    def sent(self) -> None:
        """Everything sendable so far was sent: the ring is empty."""
        self._room = self._ring - self._pending.shape[1]

    def _due(self, until_s: float) -> int:
        index, begin_s = self._run
        return math.floor((until_s - begin_s) * self._rate_hz + 1e-6) + 1 - (self.next_index - index)

    def _keep(self, numbers: NDArray[np.int32]) -> None:
        numbers[[bool(self.off >> k & 1) for k in range(len(numbers))]] = MISSING
        kept = 0 if self.blocked else min(numbers.shape[1], self._room)
        lost = numbers.shape[1] - kept
        self._pending = np.concatenate([self._pending, numbers[:, :kept]], axis=1)
        self._room -= kept
        self.next_index += kept
        self._counts.taken += numbers.shape[1]
        if lost:
            self._cut(1)
            self.next_index += lost
            self.lost += lost
            self._counts.lost += lost

    def _cut(self, least: int) -> None:
        first, begin_s = self._run
        while (n := self._pending.shape[1]) >= least:
            piece = first_piece(self._pending[:, : self._most], self._hello.width, delta=self._sampling.delta)
            index = self.next_index - n
            self._ready.append((index, begin_s + (index - first) / self._rate_hz, piece))
            self._pending = self._pending[:, piece.count :]
