"""A wearable behind TCP: a Wi-Fi board, a serial server, the simulator."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from typing import Final

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.patience import within

_BLOCK: Final = 65536
_PATIENCE_S: Final = 10.0  # for the connection, and for bytes that the other end does not take
_FAREWELL_S: Final = 1.0
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPALIVE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


class TcpLink:
    """``HOST:PORT``, or ``[::1]:PORT`` with an address of IPv6. A connection cut without a word is noticed in 25 s."""

    def __init__(self, argument: str) -> None:
        self._host, self._port = _address(argument)
        self.name = f"tcp:{argument}"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect; LinkDown where nobody listens."""
        try:
            await within(_PATIENCE_S, self._connect())
        except asyncio.TimeoutError as error:
            raise LinkDown(f"{self.name} does not answer in {_PATIENCE_S:g} s: is it switched on?") from error
        except socket.gaierror as error:
            raise LinkDown(f"{self.name}: no host {self._host!r} is known: check its name and the network") from error
        except ConnectionRefusedError as error:
            raise LinkDown(f"{self.name} is refused: nobody listens at port {self._port} there") from error
        except OSError as error:
            raise LinkDown(f"{self.name} cannot be reached ({_why(error)}): check the network") from error

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        keep_alive(self._writer.get_extra_info("socket"))

    async def read(self) -> bytes:
        """What has come; LinkDown where the other end has closed."""
        if self._reader is None:
            raise LinkDown(f"{self.name} is closed")
        try:
            data = await self._reader.read(_BLOCK)
        except OSError as error:
            raise LinkDown(f"{self.name} broke off ({_why(error)})") from error
        if not data:
            raise LinkDown(f"{self.name} was closed by the other end")
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`; waits while the other end is too slow."""
        if self._writer is None:
            raise LinkDown(f"{self.name} is closed")
        try:
            self._writer.write(data)
            await within(_PATIENCE_S, self._writer.drain())
        except asyncio.TimeoutError as error:
            raise LinkDown(f"{self.name} takes no bytes for {_PATIENCE_S:g} s: start it anew") from error
        except OSError as error:
            raise LinkDown(f"{self.name} broke off ({_why(error)})") from error

    async def close(self) -> None:
        """Close the connection; what was written is sent if that takes no longer than a second."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        writer.close()
        try:
            await within(_FAREWELL_S, writer.wait_closed())
        except (asyncio.TimeoutError, OSError):
            writer.transport.abort()


def _address(argument: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:\[([^\[\]/]+)\]|([^\[\]:/]+)):(\d{1,5})", argument)
    if not found or not 0 < int(found[3]) < 65536:
        raise LinkRefused(f"{argument!r} is no address: write tcp:HOST:PORT, or tcp:[::1]:PORT with IPv6")
    return found[1] or found[2], int(found[3])


def _why(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def keep_alive(connection: socket.socket) -> None:
    """Have a link that was cut without a word noticed within half a minute."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
