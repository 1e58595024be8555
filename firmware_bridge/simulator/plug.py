"""Where a virtual wearable can be plugged in: a pseudo terminal or a TCP port."""

from __future__ import annotations

import asyncio
import math
import os
import socket
import tempfile
import time
import tty
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from firmware_bridge.errors import LinkRefused
from firmware_bridge.simulator.noisy_wire import NoisyWire
from firmware_bridge.simulator.spells import Spells
from firmware_bridge.simulator.virtual_wearable import VirtualWearable

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

TICK_S: Final = 0.01
STEP_S: Final = 0.25  # of the wearable's time in one turn, when it runs as fast as it is read
_BLOCKED_S: Final = 0.001
_BLOCK: Final = 4096


class Plug(ABC):
    """One end of a byte stream, behind which a wearable runs; the other end is for whoever reads it."""

    async def __aenter__(self) -> Self:
        self.insert()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.pull()

    @property
    @abstractmethod
    def address(self) -> str:
        """Where a reader finds it, such as ``tcp:127.0.0.1:5000``."""

    @abstractmethod
    def insert(self) -> None:
        """Be there for a reader; harmless where it is already. LinkRefused where the place is taken."""

    @abstractmethod
    def pull(self) -> None:
        """Be gone, like a cable that is pulled; harmless when called twice."""

    @abstractmethod
    def in_use(self) -> bool:
        """Whether somebody may be at the other end; lets in whoever waits."""

    @abstractmethod
    def read(self) -> bytes:
        """What has come, or nothing."""

    @abstractmethod
    def write(self, data: bytes) -> int:
        """How many of the first bytes of `data` were taken."""

    async def run(
        self,
        wearable: VirtualWearable,
        wire: NoisyWire | None = None,
        *,
        back: NoisyWire | None = None,
        breaks: Spells | None = None,
        speed: float = 1.0,
        seconds: float = math.inf,
    ) -> None:
        """Run `wearable` here, until cancelled or until `seconds` have passed.

        While nobody reads, the wearable is not asked, and loses what its ring cannot hold.

        Args:
            wearable: Its time begins at 0 now.
            wire: What happens to what it sends.
            back: What happens to what it is sent.
            breaks: When the plug is pulled, and for how long.
            speed: Times faster than real time; infinity for as fast as it is read.
            seconds: Of the wearable's time, as those of `breaks`.
        """
        begun, now_s, waiting = time.monotonic(), 0.0, b""
        while now_s < seconds:
            if breaks is not None and breaks.at(now_s):
                self.pull()
                waiting = b""
            else:
                self.insert()
                if self.in_use() and not waiting:
                    waiting = self._turn(wearable, wire, back, now_s)
                waiting = waiting[self.write(waiting) :]
            if math.isinf(speed):
                await asyncio.sleep(_BLOCKED_S if waiting else 0 if wearable.streaming else TICK_S)
                now_s += 0 if waiting else STEP_S
            else:
                await asyncio.sleep(TICK_S)
                now_s = (time.monotonic() - begun) * speed

    def _turn(self, wearable: VirtualWearable, wire: NoisyWire | None, back: NoisyWire | None, now_s: float) -> bytes:
        if heard := self.read():
            wearable.hear(back.carry(heard) if back else heard, now_s)
        said = wearable.speak(now_s)
        return wire.carry(said) if wire else said


class PtyPlug(Plug):
    """A pseudo terminal: a serial port, for any program that opens one.

    Args:
        path: Of a symbolic link to it, which stays the same over disconnections; in a new folder unless given.

    Attributes:
        path: Of that link.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="edgeguard-") if path is None else None
        self.path = Path(self._folder.name, "wearable") if self._folder else Path(path or "")
        self._ends: tuple[int, int] | None = None

    @property
    def address(self) -> str:
        """``serial:`` and the path of the link."""
        return f"serial:{self.path}"

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        if self._folder is not None:
            self._folder.cleanup()

    def insert(self) -> None:
        """Make terminal and link; LinkRefused where something else is at the path."""
        if self._ends is not None:
            return
        if self.path.is_symlink() and not self.path.exists():  # left behind by one that was killed
            self.path.unlink()
        ours, theirs = os.openpty()
        tty.setraw(theirs)  # and kept open: it would forget that when the last reader leaves
        os.set_blocking(ours, False)
        try:
            self.path.symlink_to(os.ttyname(theirs))
        except OSError as error:
            os.close(ours)
            os.close(theirs)
            raise LinkRefused(f"{self.path} cannot be made ({error.strerror}): choose another path") from error
        self._ends = ours, theirs

    def pull(self) -> None:
        """Remove the link and hang up."""
        if self._ends is not None:
            self.path.unlink(missing_ok=True)
            for end in self._ends:
                os.close(end)
            self._ends = None

    def in_use(self) -> bool:
        """A serial port does not tell: always, while it is there."""
        return self._ends is not None

    def read(self) -> bytes:
        """What was written to the terminal."""
        with suppress(BlockingIOError):
            return os.read(self._ours(), _BLOCK)
        return b""

    def write(self, data: bytes) -> int:
        """As much as the terminal has room for."""
        with suppress(BlockingIOError):
            return os.write(self._ours(), data[:_BLOCK])
        return 0

    def _ours(self) -> int:
        assert self._ends is not None  # noqa: S101 - `run` inserts it first
        return self._ends[0]


class TcpPlug(Plug):
    """A TCP port that lets in one reader at a time.

    Args:
        host: To listen on.
        port: 0 for a free one.

    Attributes:
        host: As given.
        port: Where it listens, once it was inserted.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self._server: socket.socket | None = None
        self._reader: socket.socket | None = None

    @property
    def address(self) -> str:
        """``tcp:``, host and port."""
        return f"tcp:{self.host}:{self.port}"

    def insert(self) -> None:
        """Listen; LinkRefused where that is not possible."""
        if self._server is not None:
            return
        try:
            self._server = socket.create_server((self.host, self.port), backlog=1)
        except OSError as error:
            reason = error.strerror or error
            raise LinkRefused(f"cannot listen on {self.host}:{self.port} ({reason}): choose another") from error
        self._server.setblocking(False)
        self.port = self._server.getsockname()[1]

    def pull(self) -> None:
        """Hang up and listen no more."""
        self._hang_up()
        if self._server is not None:
            self._server.close()
            self._server = None

    def in_use(self) -> bool:
        """Whether somebody is connected, who may have waited until now."""
        if self._reader is None and self._server is not None:
            with suppress(BlockingIOError):
                self._reader, _ = self._server.accept()
                self._reader.setblocking(False)
        return self._reader is not None

    def read(self) -> bytes:
        """What has come; who has hung up is gone."""
        data = self._tried(lambda reader: reader.recv(_BLOCK))
        if data == b"":
            self._hang_up()
        return data or b""

    def write(self, data: bytes) -> int:
        """As much as the system takes; all is lost on who has hung up."""
        return self._tried(lambda reader: reader.send(data)) or 0 if data else 0

    def _tried(self, act: Callable[[socket.socket], T]) -> T | None:
        """What `act` gives; None where it would have to wait, or there is nobody any more."""
        try:
            return None if self._reader is None else act(self._reader)
        except BlockingIOError:
            return None
        except OSError:
            self._hang_up()
            return None

    def _hang_up(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
