"""A stream of the Lab Streaming Layer as a live source."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard import config
from edgeguard.device.samples import Feed, Samples
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.device.sources.lsl_inlet import Inlet, StreamFacts
from edgeguard.device.sources.text_rows import columns_from
from edgeguard.device.sources.timed_index import TimedIndex
from edgeguard.errors import ConfigError, LinkError, SourceError
from edgeguard.signals.spec import SignalSpec

_SILENT_S: Final = 15.0  # until then the library looks for the stream itself

T = TypeVar("T")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which stream, and what to take of it.

    Attributes:
        name: Of the stream.
        type: Of its content, such as ``EEG``.
        source_id: Of the device that sends it.
        units: Of all channels, where the stream does not say.
        channels: Names or numbers joined by ``+``, in the model's order.
    """

    name: str | int = ""
    type: str | int = ""
    source_id: str | int = ""
    units: str = ""
    channels: str | int = ""


class LslSource:
    """``NAME``, or ``name=…,type=EEG,source_id=…``: the first stream of the network that has all of these."""

    def __init__(self, argument: str, speed: float) -> None:
        parts = [part for part in argument.split(",") if part]
        if parts and "=" not in parts[0]:
            parts[0] = f"name={parts[0]}"
        options = self._options = config.record_from(config.set_values({}, parts), Options, "lsl")
        wanted = {key: str(value) for key in ("name", "type", "source_id") if (value := getattr(options, key)) != ""}
        if not wanted or '"' in "".join(wanted.values()):
            raise ConfigError(f"lsl:{argument} names no stream: write lsl:NAME, lsl:type=EEG or lsl:source_id=ID")
        self._name = "lsl:" + ",".join(f"{key}={value}" for key, value in wanted.items())
        self._inlet = Inlet(wanted, self._name)
        self._wanted = [name for name in str(options.channels).split("+") if name]
        self._speed = speed
        self._thread = ThreadPoolExecutor(1, "lsl")  # no call can be broken off, so closing waits for it
        self._next = 0  # index of the next sample, over all times that it was opened
        self._heard_s: float | None = None

    async def open(self, signal: SignalSpec) -> Feed:
        """The channels of `signal`, in its unit; LinkError where the stream is not there or does not fit."""
        facts = await self._in_thread(self._inlet.open)
        taken = self._taken(facts, signal)
        if self._heard_s is not None:
            self._next += 1 + round((time.monotonic() - self._heard_s) * facts.rate_hz)
        timed = TimedIndex(facts.rate_hz, self._next)
        return Feed(facts.rate_hz, self._samples(timed, *taken), live=True, faults=timed.faults, speed=self._speed)

    async def close(self) -> None:
        """Leave the stream; harmless when called twice."""
        await self._in_thread(self._inlet.close)

    def _taken(self, facts: StreamFacts, signal: SignalSpec) -> tuple[list[int], NDArray[np.float32]]:
        units = facts.units or (self._options.units,) * facts.count
        if not units[0]:
            raise LinkError(f"{self._name} does not say its unit: add ,units=uV or what it is in")
        try:
            rows = channel_rows(facts.names, facts.count, signal, self._wanted, self._name)
            return rows, scales(units, rows, signal.units, self._name)
        except SourceError as error:
            raise LinkError(str(error)) from error

    async def _samples(
        self, timed: TimedIndex, rows: list[int], factors: NDArray[np.float32]
    ) -> AsyncIterator[Samples]:
        heard_s = time.monotonic()
        while True:
            values, times_s = await self._in_thread(self._inlet.pull)
            now_s = time.monotonic()
            if not len(times_s):
                if now_s - heard_s > _SILENT_S:
                    raise LinkError(f"{self._name} has sent nothing for {_SILENT_S:g} s: does its program still run?")
                continue
            heard_s = self._heard_s = now_s
            found = timed.feed(times_s, columns_from(np.asarray(values[:, rows], np.float64)) * factors, now_s)
            self._next = timed.next_index
            for samples in found:
                yield samples

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
