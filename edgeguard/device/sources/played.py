"""A recording or a synthetic signal as one callable, for a virtual wearable to measure."""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from queue import Empty, Full, Queue
from threading import Thread
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Feed, Source
from edgeguard.device.sources import open_source
from edgeguard.device.sources.channels import scales
from edgeguard.device.sources.recording import Recording
from edgeguard.device.sources.replay import ReplaySource
from edgeguard.errors import ConfigError, SourceError
from edgeguard.signals.spec import SignalSpec

_AHEAD: Final = 8  # blocks that are read before they are asked for
_POLL_S: Final = 0.1
_PATIENCE_S: Final = 10.0  # for a source that somebody else feeds
_RATE_HZ: Final = 250.0  # of what is made
_SYNTHETIC: Final = Recording(np.empty((1, 0), np.float32), ("ECG",), units=("mV",))

Floats = NDArray[np.float32]
T = TypeVar("T")


class Played:
    """Gives samples to whoever calls; reads ahead in a thread of its own.

    Args:
        source: A recording or a simulation; SourceError where it is live.
        signal: Which channels, in which unit.
        unit: In which they are given.

    Attributes:
        channels: A name per channel.
        unit: Of all of them.
        rate_hz: Samples per second.
    """

    def __init__(self, source: Source, signal: SignalSpec, unit: str) -> None:
        self.channels = signal.channels
        self.unit = unit
        self._gain = scales([signal.units], [0], unit, "the signal")
        self._blocks: Queue[Floats | BaseException | None] = Queue(_AHEAD)
        self._block: Floats | None = np.empty((len(signal.channels), 0), np.float32)
        self._closed = False
        rate_hz: Future[float] = Future()
        self._thread = Thread(target=lambda: asyncio.run(self._read(source, signal, rate_hz)), daemon=True)
        self._thread.start()
        try:
            self.rate_hz = rate_hz.result()
        except BaseException:
            self.close()
            raise

    def __call__(self, n: int) -> Floats | None:
        """The next `n` at most, (channels, n), NaN in gaps; None at the end, SourceError where it breaks off."""
        while self._block is not None and self._block.shape[1] == 0:
            self._block = self._next()
        if self._block is None:
            return None
        given, self._block = self._block[:, :n], self._block[:, n:]
        return given * self._gain

    def _next(self) -> Floats | None:
        try:
            block = self._blocks.get(timeout=_PATIENCE_S)
        except Empty as error:
            raise SourceError(f"the source gives nothing for {_PATIENCE_S:g} s: play a recording") from error
        if isinstance(block, BaseException):
            self._block = None
            raise block
        return block

    def close(self) -> None:
        """Read no more; harmless when called twice."""
        self._closed = True
        self._thread.join()

    async def _read(self, source: Source, signal: SignalSpec, rate_hz: Future[float]) -> None:
        try:
            feed = await _opened(source, signal)
            rate_hz.set_result(feed.rate_hz or math.nan)
            await self._hand_on(feed)
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the samples are called for
            if rate_hz.done():
                self._put(error)
            else:
                rate_hz.set_exception(error)
        finally:
            await source.close()

    async def _hand_on(self, feed: Feed) -> None:
        at: int | None = None
        async for samples in feed.samples:
            gap = 0 if at is None else max(0, samples.start - at)
            self._put(np.pad(samples.values, ((0, 0), (gap, 0)), constant_values=np.nan))
            at = samples.start + samples.values.shape[1]
            if self._closed:
                return

    def _put(self, block: Floats | BaseException | None) -> None:
        while not self._closed:
            with suppress(Full):
                self._blocks.put(block, timeout=_POLL_S)
                return


def play(spec: str, *, unit: str | None = None, rate_hz: float | None = None) -> Played:
    """What `spec` describes, see `open_source`, with all channels that it names; volts become ``uV``.

    Args:
        spec: A recording or ``synthetic``.
        unit: Where the recording does not tell; ``mV`` unless given.
        rate_hz: Where the recording does not tell, and of what is made.

    Raises:
        ConfigError: There is no such source, or the recording tells unit or rate otherwise, or no rate.
        SourceError: It cannot be read, or not be played.
    """
    source = open_source(spec, speed=math.inf)
    known = source.contents() if isinstance(source, ReplaySource) else replace(_SYNTHETIC, rate_hz=rate_hz or _RATE_HZ)
    unit = _agreed(spec, "unit", known.units[0] if known.units else None, unit) or "mV"
    rate_hz = _agreed(spec, "rate", known.rate_hz, rate_hz)
    if rate_hz is None:
        raise ConfigError(f"{spec} does not tell its rate: give it with --rate")
    window = known.window or 1
    signal = SignalSpec(channels=known.channels or (), units=unit, window=window, hop=window, rate_hz=rate_hz)
    return Played(source, signal, _wire_unit(unit))


async def _opened(source: Source, signal: SignalSpec) -> Feed:
    feed = await source.open(signal)
    if feed.live:
        raise SourceError("a live source cannot be played once more: give a recording or synthetic")
    return feed


def _agreed(spec: str, what: str, told: T | None, given: T | None) -> T | None:
    if told is not None and given is not None and told != given:
        raise ConfigError(f"{spec} has the {what} {told}, not {given}: leave out --{what}")
    return given if told is None else told


def _wire_unit(unit: str) -> str:
    """``uV`` for all that can be converted to it."""
    try:
        scales([unit], [0], "uV", "")
    except SourceError:
        return unit
    return "uV"
