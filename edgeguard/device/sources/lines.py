"""Samples as lines of text from another program: over TCP, a named pipe or standard input."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Feed, Samples
from edgeguard.device.sources.byte_link import ByteLink
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.device.sources.line_decoder import LineDecoder
from edgeguard.errors import LinkError, SourceError
from edgeguard.signals.spec import SignalSpec
from firmware_bridge.patience import within

_PATIENCE_S: Final = 10.0  # for the connection, and for the header


class LinesSource:
    """Reads ``tcp://HOST:PORT``, ``/path/of/a/pipe`` or ``-``, with ``,channels=MLII+V5`` where names differ.

    See `edgeguard.device.sources.line_decoder` for what the lines hold. Standard input is no live source: it ends.
    """

    def __init__(self, argument: str, speed: float) -> None:
        self._speed = speed
        where, _, channels = argument.partition(",channels=")
        self._wanted = channels.split("+") if channels else []
        self._link = ByteLink(where, "lines")

    async def open(self, signal: SignalSpec) -> Feed:
        """The channels of `signal`, in its unit; LinkError where nobody is there or what comes does not fit."""
        with self._link.final():
            try:
                await within(_PATIENCE_S, self._link.open())
                decoder, first = await within(_PATIENCE_S, self._first())
            except asyncio.TimeoutError as error:
                raise LinkError(f"{self._link.where} sends no header: is the program there that sends?") from error
            return self._feed(decoder, first, signal)

    async def close(self) -> None:
        """Close the connection or pipe; harmless when called twice."""
        self._link.close()

    async def _first(self) -> tuple[LineDecoder, list[Samples]]:
        """A decoder that has read the header, and the samples that came with it."""
        decoder, found = LineDecoder(), list[Samples]()
        while decoder.header is None:
            if not (data := await self._link.read()):
                raise LinkError(f"{self._link.where} ended before its header")
            found = decoder.feed(data)
        return decoder, found

    def _feed(self, decoder: LineDecoder, first: list[Samples], signal: SignalSpec) -> Feed:
        header = decoder.header
        assert header is not None  # noqa: S101 - `_first` waits for it
        try:
            rows = channel_rows(header.channels, len(header.channels), signal, self._wanted, self._link.where)
            factors = scales(header.units, rows, signal.units, self._link.where)
        except SourceError as error:
            raise LinkError(str(error)) from error
        faults: Counter[str] = Counter()
        samples = self._samples(decoder, first, (rows, factors), faults)
        return Feed(header.rate_hz, samples, live=self._link.live, faults=faults, speed=self._speed)

    async def _samples(
        self,
        decoder: LineDecoder,
        found: list[Samples],
        taken: tuple[list[int], NDArray[np.float32]],
        faults: Counter[str],
    ) -> AsyncIterator[Samples]:
        rows, factors = taken
        while True:
            if decoder.malformed:
                faults["malformed line"] += decoder.malformed
                decoder.malformed = 0
            for samples in found:
                yield Samples(samples.start, samples.values[rows] * factors)
            if not (data := await self._link.read()):
                return
            found = decoder.feed(data)
