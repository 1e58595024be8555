"""Samples as lines of text from another program: over TCP, a named pipe or standard input."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import stat
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Feed, Samples
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.device.sources.line_decoder import LineDecoder
from edgeguard.errors import ConfigError, LinkError, SourceError
from edgeguard.signals.spec import SignalSpec

_BLOCK: Final = 65536
_PATIENCE_S: Final = 10.0  # for the connection, and for the header
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPALIVE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}

_Read = Callable[[], Awaitable[bytes]]


class LinesSource:
    """Reads ``tcp://HOST:PORT``, ``/path/of/a/pipe`` or ``-``, with ``,channels=MLII+V5`` where names differ.

    See `edgeguard.device.sources.line_decoder` for what the lines hold. Standard input is no live source: it ends.
    """

    def __init__(self, argument: str, speed: float) -> None:
        self._speed = speed
        self._where, _, channels = argument.partition(",channels=")
        self._wanted = channels.split("+") if channels else []
        self._address = _address(self._where)
        self._close: Callable[[], None] = lambda: None

    async def open(self, signal: SignalSpec) -> Feed:
        """The channels of `signal`, in its unit; LinkError where nobody is there or what comes does not fit."""
        try:
            read = await asyncio.wait_for(self._connect(), _PATIENCE_S)
            decoder, first = await asyncio.wait_for(self._first(read), _PATIENCE_S)
        except asyncio.TimeoutError as error:
            raise LinkError(f"{self._where} sends no header: is the program there that sends?") from error
        except OSError as error:
            raise LinkError(f"{self._where} cannot be opened ({error.strerror or error})") from error
        header = decoder.header
        assert header is not None  # noqa: S101 - `_first` waits for it
        try:
            rows = channel_rows(header.channels, len(header.channels), signal, self._wanted, self._where)
            factors = scales(header.units, rows, signal.units, self._where)
        except SourceError as error:
            raise LinkError(str(error)) from error
        faults: Counter[str] = Counter()
        samples = self._samples(decoder, first, read, (rows, factors), faults)
        return Feed(header.rate_hz, samples, live=self._where != "-", faults=faults, speed=self._speed)

    async def close(self) -> None:
        """Close the connection or pipe; harmless when called twice."""
        self._close()
        self._close = lambda: None

    async def _first(self, read: _Read) -> tuple[LineDecoder, list[Samples]]:
        """A decoder that has read the header, and the samples that came with it."""
        decoder, found = LineDecoder(), list[Samples]()
        while decoder.header is None:
            if not (data := await read()):
                raise LinkError(f"{self._where} ended before its header")
            found = decoder.feed(data)
        return decoder, found

    async def _samples(
        self,
        decoder: LineDecoder,
        found: list[Samples],
        read: _Read,
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
            try:
                if not (data := await read()):
                    return
            except OSError as error:
                raise LinkError(f"{self._where} broke off ({error.strerror or error})") from error
            found = decoder.feed(data)

    async def _connect(self) -> _Read:
        if self._address is not None:
            reader, writer = await asyncio.open_connection(*self._address)
            self._close = writer.close
            _keep_alive(writer.get_extra_info("socket"))
            return lambda: reader.read(_BLOCK)
        if self._where == "-":
            return await self._read_pipe(os.dup(sys.stdin.fileno()))
        pipe = os.open(self._where, os.O_RDONLY | os.O_NONBLOCK)  # else it waits for the other end
        kind = os.fstat(pipe).st_mode
        if not (stat.S_ISFIFO(kind) or stat.S_ISCHR(kind)):
            os.close(pipe)
            raise LinkError(f"{self._where} is no named pipe: make one with mkfifo, or replay a recording")
        return await self._read_pipe(pipe)

    async def _read_pipe(self, number: int) -> _Read:
        file = os.fdopen(number, "rb", buffering=0)
        if stat.S_ISREG(os.fstat(number).st_mode):
            self._close = file.close
            return lambda: asyncio.to_thread(file.read, _BLOCK)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
        self._close = transport.close
        return lambda: reader.read(_BLOCK)


def _address(where: str) -> tuple[str, int] | None:
    """Host and port of ``tcp://``, None of a path; ConfigError where it is neither."""
    if found := re.fullmatch(r"tcp://\[?([^\[\]/]+)\]?:(\d{1,5})", where):
        return found[1], int(found[2])
    if not where or "://" in where:
        raise ConfigError(f"lines cannot be read from {where!r}: write lines:tcp://HOST:PORT, lines:PIPE or lines:-")
    return None


def _keep_alive(connection: socket.socket) -> None:
    """Have a link that was cut without a word noticed within half a minute."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
