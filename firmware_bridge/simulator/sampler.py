"""The converter of a virtual wearable and the ring buffer behind it: every sample numbered, sent or lost. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.coding import MAX_COUNT, MISSING, highest
from firmware_bridge.frames import Hello

LATENCY_S: Final = 0.1  # how long the first sample of a frame may wait for the last
RING_S: Final = 2.0  # of samples that wait while nobody reads; what comes then is lost
_BLOCK: Final = 4096  # samples asked for at once

# The next n samples, (channels, n) in the channels' units, NaN where one is missing; fewer at the end, then None.
Signal: TypeAlias = Callable[[int], "NDArray[np.float32] | None"]


class Run(NamedTuple):
    """Consecutive numbers (channels, n), the index of the first of them, and when it was taken."""

    values: NDArray[np.int32]
    first: int
    at_s: float


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
        most: Samples of each channel in a frame; None for those of `LATENCY_S`.
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

    def __init__(self, hello: Hello, signal: Signal, most: int | None, clock: float, counts: WearableCounts) -> None:
        self.next_index = self.lost = self.off = 0
        self.streaming = self.over = self.blocked = False
        self._signal = signal
        self._given_most = most
        self._clock = clock
        self._counts = counts
        self._pending = np.empty((len(hello.channels), 0), np.int32)  # the last ones before the next index
        self._ready: list[Run] = []
        self._begin = 0, 0.0  # index and time of the first sample since the start
        self.set_hello(hello)

    def set_hello(self, hello: Hello) -> None:
        """Take another rate; only while not streaming."""
        self._hello = hello
        self._rate_hz = hello.rate_hz * self._clock
        self._resolutions = np.array([[channel.resolution] for channel in hello.channels])
        self.most = self._given_most or max(1, min(MAX_COUNT, int(LATENCY_S * hello.rate_hz)))
        self._room = self._ring = max(1, round(RING_S * hello.rate_hz))

    def start(self, now_s: float) -> None:
        """Take the first sample now, and leave one number out; nothing where it streams already."""
        if self.streaming:
            return
        self._make_ready(1)
        self.next_index += 1
        self._begin = self.next_index, now_s
        self.streaming = True

    def take(self, until_s: float) -> None:
        """Take what is due by then."""
        while self.streaming and (due := self._due(until_s)) > 0:
            values = self._signal(min(due, _BLOCK))
            if values is None or values.shape[1] == 0:
                self.streaming, self.over = False, True
            else:
                self._keep(self._numbers(values))
        self._make_ready(self.most if self.streaming else 1)

    def ready(self, *, all_: bool) -> list[Run]:
        """What fills frames; with `all_` what does not, too."""
        if all_:
            self._make_ready(1)
        ready, self._ready = self._ready, []
        return ready

    def sent(self) -> None:
        """All that was ready has been sent: there is room again."""
        self._room = self._ring - self._pending.shape[1]

    def _due(self, until_s: float) -> int:
        index, begin_s = self._begin
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
            self._make_ready(1)
            self.next_index += lost
            self.lost += lost
            self._counts.lost += lost

    def _numbers(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Steps of each channel's resolution; `MISSING` for NaN; what the width cannot hold is clipped."""
        most = highest(self._hello.width)
        steps = np.clip(np.rint(values / self._resolutions), -most, most)
        return np.where(np.isnan(steps), MISSING, np.nan_to_num(steps)).astype(np.int32)

    def _make_ready(self, multiple: int) -> None:
        """Let go of as many pending samples as are a multiple of `multiple`."""
        n = self._pending.shape[1]
        if count := n - n % multiple:
            index, (first, begin_s) = self.next_index - n, self._begin
            at_s = begin_s + (index - first) / self._rate_hz
            self._ready.append(Run(self._pending[:, :count], index, at_s))
            self._pending = self._pending[:, count:]
