"""One source kept flowing: opened, cut into windows, watched, and opened again when its link is lost."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from edgeguard.device.rate_watch import RateWatch
from edgeguard.device.samples import Feed, Samples, Source, StreamCounts, Window
from edgeguard.device.stream import Stream
from edgeguard.errors import LinkError, SourceError, one_line
from edgeguard.signals.spec import SignalSpec

log = logging.getLogger(__name__)

LINK_LOST: Final = "link lost"
FAILED: Final = "source failed"
MALFORMED: Final = "malformed chunk"
MALFORMED_CHARGE: Final = "malformed charge"
WRONG_RATE: Final = "wrong rate"
SILENT: Final = "silent"
RESTARTED: Final = "index restarted"
OVERRUN: Final = "overrun"

SILENT_S: Final = 5.0
_OVERRUN_S: Final = 2.0  # so long a live source may be kept waiting
_RESTART_S: Final = 10.0  # a jump back by more is a wearable that counts from 0 again
_PAUSE_S: Final = (0.5, 30.0)
_SAY_AGAIN_S: Final = 3600.0


class Desk(Protocol):
    """Where windows go; `edgeguard.device.worker.Worker` is one."""

    active: int

    @property
    def has_room(self) -> bool:
        """Whether windows may be put right now."""
        ...

    async def room(self, patience_s: float | None = None) -> bool:
        """Wait until there is room; False where there is none for `patience_s`."""
        ...

    def put(self, windows: Sequence[Window], arrived_s: float) -> None:
        """Have windows judged that were complete at `arrived_s`."""
        ...


class Supervisor:
    """Keeps one source flowing until it is cancelled, or a recording ends.

    A live source that ends or breaks off is opened again, after half a second at first and 30 s at most. Whatever a
    source does is counted, and logged once; nothing of it harms the others.

    Args:
        name: Of the source.
        source: Closed at the end.
        signal: What the model takes.
        desk: Takes the windows.
        counts: What was wrong so far; counted up.
        monotonic: A clock that never jumps, in seconds.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        signal: SignalSpec,
        desk: Desk,
        counts: StreamCounts,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._source = source
        self._signal = signal
        self._desk = desk
        self._counts = counts
        self._monotonic = monotonic
        self._feed: Feed | None = None
        self._stream: Stream  # once it was open
        self._rate_hz: float | None = None
        self._was_open = False
        self._watch: RateWatch | None = None
        self._live = False  # known once it was open
        self._heard_s = monotonic()
        self._end = 0  # after the highest index so far
        self._wrong_rate = self._silent = self._down = False
        self._said_s: dict[str, float] = {}  # when a kind of fault was last logged

    async def run(self) -> None:
        """Until a recording ends or the task is cancelled; SourceError where a recording cannot be played."""
        pauses = _pauses()
        while True:
            began = self._monotonic()
            try:
                await self._play()
                if not self._live:
                    return
                self._lost(LINK_LOST, "its samples ended")
            except SourceError as error:
                if not self._live and not isinstance(error, LinkError):
                    raise
                self._lost(LINK_LOST, str(error))
            except Exception as error:
                if not self._live:
                    raise
                self._lost(FAILED, f"{type(error).__name__}: {error}")
            if self._monotonic() - began > _PAUSE_S[1]:
                pauses = _pauses()
            await asyncio.sleep(next(pauses))

    def look(self, now_s: float) -> None:
        """About once a second: is it still heard?"""
        self._ask_source()
        if now_s - self._heard_s <= SILENT_S:
            return
        if self._down:
            self._counts.battery = None  # not at once: the last charge before it went out must be seen
        if self._live and not (self._down or self._silent):
            self._silent = True
            self._fault(SILENT, f"no samples for {SILENT_S:g} s")

    def take_up(self, signal: SignalSpec) -> None:
        """Cut other windows from the next sample on; channels and unit must be the same."""
        self._signal = signal
        if self._was_open:
            self._stream = self._new_stream()

    async def _play(self) -> None:
        try:
            feed = self._feed = await self._source.open(self._signal)
            self._live = feed.live
            self._begin(feed)
            self._desk.active += 1
            try:
                async for samples in feed.samples:
                    await self._take(samples, live=feed.live)
            finally:
                self._desk.active -= 1
        finally:
            self._ask_source()
            self._feed = None
            await self._source.close()

    async def _take(self, samples: Samples, *, live: bool) -> None:
        now_s = self._heard_s = self._monotonic()
        if not _is_sound(samples, len(self._signal.channels)):
            self._fault(MALFORMED, "a chunk that holds no samples of the model's channels")
            return
        if not self._desk.has_room and not await self._desk.room(_OVERRUN_S if live else None):
            self._fault(OVERRUN, "windows come faster than they can be judged: samples are passed over")
            return
        # From here to the end nothing is awaited: all windows of a stream are put before another bundle takes over.
        self._hear(samples)
        windows = self._stream.feed(samples)
        missing, repeated = self._count_stream()
        if self._watch is not None:
            self._watch.saw(samples.values.shape[1] - repeated, now_s, missing)
            windows = self._rightly_timed(windows, self._watch)
        if windows:
            self._desk.put(windows, now_s)

    def _hear(self, samples: Samples) -> None:
        if self._down or self._silent:
            log.info("%s: samples come again", self._name)
        self._down = self._silent = False
        if samples.start < self._end - _RESTART_S * (self._rate_hz or self._signal.window):
            self._fault(RESTARTED, f"from {self._end} to {samples.start}")
            self._stream = self._new_stream()
            self._end = 0
        self._end = max(self._end, samples.start + samples.values.shape[1])

    def _rightly_timed(self, windows: list[Window], watch: RateWatch) -> list[Window]:
        """The windows, rejected where the samples come too fast or too slowly to be what they say."""
        if watch.wrong and not self._wrong_rate:
            self._fault(WRONG_RATE, f"it says {watch.rate_hz:g} Hz, and its samples come at another rate")
        self._wrong_rate = watch.wrong
        if not watch.wrong:
            return windows
        return [replace(window, rejected=window.rejected or WRONG_RATE) for window in windows]

    def _begin(self, feed: Feed) -> None:
        """Go on where the last feed ended, unless this one has another rate: what is missing in between is a gap."""
        if not self._was_open or feed.rate_hz != self._rate_hz:
            self._rate_hz = feed.rate_hz
            self._stream = self._new_stream()
            self._was_open = True
            self._watch = _rate_watch(feed)

    def _new_stream(self) -> Stream:
        return Stream(self._signal, self._rate_hz, self._name)

    def _lost(self, kind: str, why: str) -> None:
        """Count an outage, once until samples come again."""
        if not self._down:
            self._fault(kind, why)
        self._down = True

    def _fault(self, kind: str, why: str) -> None:
        self._counts.faults[kind] += 1
        now_s = self._monotonic()
        if now_s - self._said_s.get(kind, -math.inf) > _SAY_AGAIN_S:
            log.warning("%s: %s: %s", self._name, kind, one_line(why))
            self._said_s[kind] = now_s

    def _count_stream(self) -> tuple[int, int]:
        """Move what the stream has counted to the source's counts; its missing and its repeated samples."""
        counted = self._stream.counts
        missing, repeated = counted.missing_samples, counted.repeated_samples
        if counted.gaps or repeated or counted.faults:
            self._counts.gaps += counted.gaps
            self._counts.missing_samples += missing
            self._counts.repeated_samples += repeated
            self._counts.faults.update(counted.faults)
            counted.gaps = counted.missing_samples = counted.repeated_samples = 0
            counted.faults.clear()
        return missing, repeated

    def _ask_source(self) -> None:
        """Move what the source has counted to its counts, and what it knows of the battery."""
        if self._feed is None:
            return
        if self._feed.faults:
            self._counts.faults.update(self._feed.faults)
            self._feed.faults.clear()
        charge = self._feed.battery()
        if charge is None:
            return
        if 0 <= charge <= 1:
            self._counts.battery = charge
        else:
            self._fault(MALFORMED_CHARGE, f"the battery is at {charge}, not between 0 and 1")


def _is_sound(samples: Samples, channels: int) -> bool:
    """Whether a chunk is what the contract of samples says; sources are written by many."""
    values = samples.values
    return (
        isinstance(values, np.ndarray)
        and values.dtype == np.float32
        and values.ndim == 2
        and len(values) == channels
        and isinstance(samples.start, int)
        and samples.start >= 0
    )


def _rate_watch(feed: Feed) -> RateWatch | None:
    """None where no clock is held against the source."""
    if not feed.live or feed.rate_hz is None or math.isinf(feed.speed):
        return None
    return RateWatch(feed.rate_hz * feed.speed)


def _pauses() -> Iterator[float]:
    """Seconds to wait before opening a source again: they double, with jitter."""
    pause, longest = _PAUSE_S
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads attempts, hides nothing
        pause = min(2 * pause, longest)
