"""Where a virtual wearable can be plugged in: a pseudo terminal or a TCP port."""

from __future__ import annotations

import os
import socket
import tempfile
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from firmware_bridge.errors import LinkRefused
from firmware_bridge.simulator.running import Plug

T = TypeVar("T")

_BLOCK: Final = 4096


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
