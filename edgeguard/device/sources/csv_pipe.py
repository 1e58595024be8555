"""Samples as plain CSV from another program: on standard input, a named pipe or TCP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard import config
from edgeguard.device.samples import Feed, Samples
from edgeguard.device.sources.byte_link import ByteLink
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.device.sources.csv_decoder import DELIMITERS, CsvDecoder
from edgeguard.errors import ConfigError, LinkError, SourceError
from edgeguard.signals.spec import SignalSpec
from firmware_bridge.patience import within

_PATIENCE_S: Final = 10.0  # for the connection, and for the first line


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may follow ``csv:-``.

    Attributes:
        rate_hz: Samples per second; not given where the signal has no true rate.
        units: Of all columns; not given where it is the model's.
        channels: Names or numbers joined by ``+``, in the model's order.
        time: Name or number of a column that holds seconds.
        index: Name or number of a column that counts samples.
        delimiter: By default that of the first line.
    """

    rate_hz: Annotated[float, msgspec.Meta(gt=0, le=1e6)] | None = None
    units: str = ""
    channels: str | int = ""
    time: str | int = ""
    index: str | int = ""
    delimiter: Literal["comma", "semicolon", "tab"] | None = None


class CsvSource:
    """Reads ``-``, ``/path/of/a/pipe`` or ``tcp://HOST:PORT``, as ``-,rate_hz=250,units=uV`` says.

    See `edgeguard.device.sources.csv_decoder` for what the lines hold. Standard input is no live source: it ends.
    """

    def __init__(self, argument: str, speed: float) -> None:
        where, *assignments = argument.split(",")
        options = self._options = config.record_from(config.set_values({}, assignments), Options, "csv")
        if options.time != "" and (options.index != "" or options.rate_hz is None):
            raise ConfigError("csv: time= needs rate_hz=, and no index= beside it")
        self._wanted = [name for name in str(options.channels).split("+") if name]
        self._speed = speed
        self._link = ByteLink(where, "csv")

    async def open(self, signal: SignalSpec) -> Feed:
        """The columns of `signal`, in its unit; LinkError where nobody is there or what comes does not fit.

        Standard input is waited for as long as it takes, and what is wrong with it is a SourceError.
        """
        with self._link.final():
            try:
                await within(_PATIENCE_S, self._link.open())
                decoder, first = await within(_PATIENCE_S if self._link.live else None, self._first())
            except asyncio.TimeoutError as error:
                raise LinkError(f"{self._link.where} sends nothing: is the program there that sends?") from error
            return self._feed(decoder, first, signal)

    async def close(self) -> None:
        """Close the connection or pipe; harmless when called twice."""
        self._link.close()

    async def _first(self) -> tuple[CsvDecoder, list[Samples]]:
        """A decoder that has read the first line, and the samples that came with it."""
        order = str(self._options.index if self._options.time == "" else self._options.time)
        delimiter = DELIMITERS[self._options.delimiter] if self._options.delimiter else None
        decoder = CsvDecoder(delimiter, order, None if self._options.time == "" else self._options.rate_hz)
        found: list[Samples] = []
        while decoder.columns is None:
            if not (data := await self._link.read()):
                raise LinkError(f"{self._link.where} ended before its first line")
            found = decoder.feed(data)
        return decoder, found

    def _feed(self, decoder: CsvDecoder, first: list[Samples], signal: SignalSpec) -> Feed:
        columns = decoder.columns
        assert columns is not None  # noqa: S101 - `_first` waits for it
        try:
            rows = channel_rows(columns.channels, columns.count, signal, self._wanted, self._link.where)
            units = [self._options.units or signal.units] * columns.count
            factors = scales(units, rows, signal.units, self._link.where)
        except SourceError as error:
            raise LinkError(str(error)) from error
        faults = decoder.timed.faults if decoder.timed else Counter[str]()
        samples = self._samples(decoder, first, (rows, factors), faults)
        return Feed(self._options.rate_hz, samples, live=self._link.live, faults=faults, speed=self._speed)

    async def _samples(
        self,
        decoder: CsvDecoder,
        found: list[Samples],
        taken: tuple[list[int], NDArray[np.float32]],
        faults: Counter[str],
    ) -> AsyncIterator[Samples]:
        rows, factors = taken
        ended = False
        while True:
            if decoder.malformed:
                faults["malformed line"] += decoder.malformed
                decoder.malformed = 0
            for samples in found:
                yield Samples(samples.start, samples.values[rows] * factors)
            if ended:
                return
            with self._link.final():
                data = await self._link.read()
            ended = not data
            found = decoder.feed(data) if data else decoder.end()
