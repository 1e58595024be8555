"""Bytes from another program: over TCP, a named pipe or standard input."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from edgeguard.errors import ConfigError, LinkError, SourceError
from firmware_bridge.links.tcp import keep_alive

BLOCK: Final = 65536


class ByteLink:
    """``tcp://HOST:PORT``, ``/path/of/a/pipe`` or ``-``; may be opened again once it ended.

    Attributes:
        where: As it was given.
        live: Whether it can be opened again; standard input cannot.
    """

    def __init__(self, where: str, kind: str) -> None:
        """ConfigError where `where` is none of these; `kind` is the source's name, for the message."""
        self.where = where
        self.live = where != "-"
        self._address = _address(where, kind)
        self._read: Callable[[], Awaitable[bytes]]
        self._close: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Open it; LinkError where nobody is there."""
        try:
            self._read = await self._connected()
        except OSError as error:
            raise LinkError(f"{self.where} cannot be opened ({error.strerror or error})") from error

    async def read(self) -> bytes:
        """What came, `BLOCK` bytes at most, or nothing at the end; LinkError where it broke off."""
        try:
            return await self._read()
        except OSError as error:
            raise LinkError(f"{self.where} broke off ({error.strerror or error})") from error

    @contextmanager
    def final(self) -> Iterator[None]:
        """What goes wrong in here is tried again, but for standard input."""
        try:
            yield
        except LinkError as error:
            if self.live:
                raise
            raise SourceError(str(error)) from error

    def close(self) -> None:
        """Harmless when called twice."""
        self._close()
        self._close = lambda: None

    async def _connected(self) -> Callable[[], Awaitable[bytes]]:
        if self._address is not None:
            reader, writer = await asyncio.open_connection(*self._address)
            self._close = writer.close
            keep_alive(writer.get_extra_info("socket"))
            return lambda: reader.read(BLOCK)
        if self.where == "-":
            return await self._read_pipe(os.dup(sys.stdin.fileno()))
        pipe = os.open(self.where, os.O_RDONLY | os.O_NONBLOCK)  # else it waits for the other end
        kind = os.fstat(pipe).st_mode
        if not (stat.S_ISFIFO(kind) or stat.S_ISCHR(kind)):
            os.close(pipe)
            raise LinkError(f"{self.where} is no named pipe: make one with mkfifo, or replay a recording")
        return await self._read_pipe(pipe)

    async def _read_pipe(self, number: int) -> Callable[[], Awaitable[bytes]]:
        file = os.fdopen(number, "rb", buffering=0)
        kind = os.fstat(number).st_mode
        if stat.S_ISREG(kind) or (stat.S_ISCHR(kind) and not file.isatty()):  # a loop cannot wait for these
            self._close = file.close
            return lambda: asyncio.to_thread(file.read, BLOCK)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
        self._close = transport.close
        return lambda: reader.read(BLOCK)


def _address(where: str, kind: str) -> tuple[str, int] | None:
    """Host and port of ``tcp://``, None of a path; ConfigError where it is neither."""
    if found := re.fullmatch(r"tcp://\[?([^\[\]/]+)\]?:(\d{1,5})", where):
        return found[1], int(found[2])
    if not where or "://" in where:
        raise ConfigError(
            f"{kind} cannot be read from {where!r}: write {kind}:tcp://HOST:PORT, {kind}:PIPE or {kind}:-"
        )
    return None
