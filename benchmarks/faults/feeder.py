"""A wearable on a TCP port: lines as fast as they are read, unplugged or gone mad on demand."""

from __future__ import annotations

import math
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from benchmarks.faults.track import Track

_LINES: Final = 400  # sent at once
_BUFFER: Final = 1 << 16  # what a broken connection may take with it


class Feeder:
    """Sends `track` to one reader after the other, and goes on where the last one was cut off.

    What was on its way when a connection broke is gone, as it is with a wearable. At the end it stays connected,
    and silent.

    Args:
        track: What is sent.
        seed: Of the bad input.
        speed: Times faster than real time at most; infinity: as fast as it is read.

    Attributes:
        connections: Readers so far.
        sent: Samples sent, lost ones included.
        bad: Bad input sent so far, by kind.
    """

    def __init__(self, track: Track, seed: int = 0, speed: float = math.inf) -> None:
        self.track = track
        self._pause_s = _LINES / track.rate_hz / speed
        self.connections = 0
        self.sent = 0
        self.bad: dict[str, int] = {}
        self._random = random.Random(seed)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._reader: socket.socket | None = None
        self._plugged = threading.Event()
        self._plugged.set()
        self._awaited: list[Callable[[], bytes]] = []
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def spec(self) -> str:
        """What the device's config calls this source."""
        return f"lines:tcp://127.0.0.1:{self.port},channels={'+'.join(self.track.channels)}"

    @property
    def done(self) -> bool:
        """Whether all was sent."""
        return self.sent >= len(self.track)

    def unplug(self) -> None:
        """Break the connection, and refuse every other until `plug`."""
        self._plugged.clear()
        self._shut()

    def plug(self) -> None:
        """Let readers in again."""
        if not self._plugged.is_set() and not self._closed:
            self._server = socket.create_server(("127.0.0.1", self.port))
            self._plugged.set()

    def misbehave(self, kind: str) -> None:
        """Send bad input of a kind in `BAD_INPUT` before the next good lines; what is asked together is spread out."""
        self.bad[kind] = self.bad.get(kind, 0) + 1
        self._awaited.append(lambda: BAD_INPUT[kind](self))

    def close(self) -> None:
        """Be gone."""
        self._closed = True
        self._plugged.set()
        self._shut()
        self._thread.join(5)

    def _shut(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # a close alone does not wake a thread from accept
        self._server.close()
        if (reader := self._reader) is not None:
            with suppress(OSError):
                reader.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while not self._closed:
            self._plugged.wait()
            with suppress(OSError):
                reader, _ = self._server.accept()
                with reader:
                    self._feed(reader)
            time.sleep(0.001)  # unplugged: accept fails at once

    def _feed(self, reader: socket.socket) -> None:
        self.connections += 1
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._reader = reader
        reader.sendall(self.track.header())
        while not self.done:
            if self._awaited:
                reader.sendall(self._awaited.pop(0)())
            start, self.sent = self.sent, min(self.sent + _LINES, len(self.track))
            reader.sendall(self.track.lines(start, self.sent))
            time.sleep(self._pause_s)
        reader.recv(1)  # until it goes

    def _garbage(self) -> bytes:
        return self._random.randbytes(3000) + b"\n"

    def _endless_line(self) -> bytes:
        return b"9" * 300_000 + b"\n"

    def _half_line(self) -> bytes:
        return self.track.lines(self.sent, self.sent + 1)[:-8] + b"\n"

    def _more_columns(self) -> bytes:
        return f"{self.sent}{',0.5' * 70}\n".encode()

    def _not_a_number(self) -> bytes:
        start, self.sent = self.sent, min(self.sent + 5, len(self.track))
        row = ",nan" * len(self.track.channels)
        return "".join(f"{index}{row}\n" for index in range(start, self.sent)).encode()

    def _repeats(self) -> bytes:
        return self.track.lines(max(0, self.sent - 100), self.sent)

    def _time_going_back(self) -> bytes:
        row = ",4.5" * len(self.track.channels)
        return "".join(f"{index}{row}\n" for index in range(max(0, self.sent - 700), self.sent)).encode()

    def _jump_ahead(self) -> bytes:
        self.sent = min(self.sent + self._random.randrange(1, 2000), len(self.track))
        return b""

    def _stall(self) -> bytes:
        time.sleep(self._random.uniform(0.5, 2))
        return b""


BAD_INPUT: Final[dict[str, Callable[[Feeder], bytes]]] = {
    "garbage": Feeder._garbage,
    "endless line": Feeder._endless_line,
    "half a line": Feeder._half_line,
    "more columns": Feeder._more_columns,
    "NaN": Feeder._not_a_number,
    "repeats": Feeder._repeats,
    "time going back": Feeder._time_going_back,
    "samples left out": Feeder._jump_ahead,
    "stall, then a burst": Feeder._stall,
}
