"""A wearable at a serial port: USB, UART, or a pty."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import serial
from serial.tools import list_ports

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.links.port_errors import refusal
from firmware_bridge.patience import within

_BLOCK: Final = 65536
_PATIENCE_S: Final = 10.0  # for bytes that the other end does not take
_FAREWELL_S: Final = 0.5


class SerialLink:
    """``PATH``, or ``PATH,baud=921600``; 115200 where none is given, and USB CDC ignores it. 8 bits, no parity, 1 stop.

    The port is ours alone: a second program is refused. DTR and RTS are raised on opening, for firmware on USB CDC
    sends nothing before; a board that wires DTR to its reset (Arduino Uno) starts anew with each opening. ``PATH`` is
    looked up anew each time, so that one in ``/dev/serial/by-id`` finds the wearable again under whatever number.
    """

    def __init__(self, argument: str) -> None:
        self._path, self._baud = _path_and_baud(argument)
        self.name = f"serial:{self._path}"
        self._port: serial.Serial | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    async def open(self) -> None:
        """Lock and set up the port; LinkDown where it is not there, LinkRefused where it may not or cannot be used."""
        try:
            # a timeout between bytes asks the kernel to tell "nothing yet" from "hung up", which it otherwise does not
            self._port = serial.Serial(self._path, self._baud, exclusive=True, inter_byte_timeout=0)
        except (OSError, termios.error, ValueError, NotImplementedError) as error:
            raise refusal(self._path, self._baud, error, _there()) from error
        _shut_out_others(self._port.fileno())

    async def read(self) -> bytes:
        """What has come; LinkDown where the port vanishes or the other end of a pty closes."""
        loop = asyncio.get_running_loop()
        while True:
            await self._ready(loop.add_reader, loop.remove_reader)
            with suppress(BlockingIOError):
                return self._taken()

    async def write(self, data: bytes) -> None:
        """Send `data`; waits while the other end is too slow."""
        loop = asyncio.get_running_loop()
        left = memoryview(data)
        while left := left[self._given(left) :]:
            await self._room(loop)

    async def close(self) -> None:
        """Give the port back, once what was written is sent, or after half a second."""
        port, self._port = self._port, None
        if port is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(port.fileno())
        loop.remove_writer(port.fileno())
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(LinkDown(f"{self.name} was closed"))
        try:
            await _sent(port)
        finally:
            with suppress(OSError, termios.error):
                port.reset_output_buffer()  # the kernel would wait 30 s for a wearable that takes nothing
            port.close()

    def _fd(self) -> int:
        if self._port is None:
            raise LinkDown(f"{self.name} is closed")
        return int(self._port.fileno())

    def _taken(self) -> bytes:
        try:
            data = os.read(self._fd(), _BLOCK)
        except BlockingIOError:
            raise
        except OSError as error:
            raise self._vanished(error) from error
        if not data:
            raise self._vanished(None)
        return data

    def _given(self, data: memoryview) -> int:
        try:
            return os.write(self._fd(), data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._vanished(error) from error

    async def _room(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            await within(_PATIENCE_S, self._ready(loop.add_writer, loop.remove_writer))
        except asyncio.TimeoutError as error:
            raise LinkDown(f"{self.name} takes no bytes for {_PATIENCE_S:g} s: plug the wearable in again") from error

    def _vanished(self, error: OSError | None) -> LinkDown:
        why = f" ({error.strerror})" if error else ""
        return LinkDown(f"{self.name} has vanished{why}: plug the wearable in again")

    async def _ready(self, add: Callable[..., Any], remove: Callable[[int], Any]) -> None:
        """Wait until the port can be read or written; LinkDown where it is closed meanwhile."""
        fd, port = self._fd(), self._port
        ready = asyncio.get_running_loop().create_future()
        self._waiting.add(ready)
        add(fd, _settle, ready)
        try:
            await ready
        finally:
            self._waiting.discard(ready)
            if self._port is port:  # else `close` has removed it, and the number may be another file's
                remove(fd)


def _path_and_baud(argument: str) -> tuple[str, int]:
    found = re.fullmatch(r"([^,]+?)(?:,baud=(\d{1,8}))?", argument)
    if not found or (found[2] and not int(found[2])):
        raise LinkRefused(f"serial:{argument} names no port: write serial:PATH or serial:PATH,baud=NUMBER")
    return found[1], int(found[2] or 115200)


def _there() -> list[str]:
    """The ports of this computer."""
    return sorted(port.device for port in list_ports.comports())


def _shut_out_others(fd: int) -> None:
    """Refuse programs that ask for no lock too; not at a pty, which would go on refusing after a reader was killed."""
    with suppress(OSError):
        if not os.ttyname(fd).startswith("/dev/pts/"):
            fcntl.ioctl(fd, termios.TIOCEXCL)


async def _sent(port: serial.Serial) -> None:
    """Wait until what was written is sent, for a short while at most."""
    end_s = asyncio.get_running_loop().time() + _FAREWELL_S
    with suppress(OSError):
        while port.out_waiting and asyncio.get_running_loop().time() < end_s:
            await asyncio.sleep(0.01)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
