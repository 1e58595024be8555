"""The network between daemon and broker: cut after any byte, stalled, refusing."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import Final, Literal

Direction = Literal["up", "down"]
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST, what was on its way is lost


class Proxy:
    """Carries bytes between whoever connects to `port` and the server at `target`; `up` is towards the server.

    Attributes:
        port: Where to connect.
        cuts: Connections broken so far.
        carried: Bytes, by direction.
    """

    def __init__(self, target: int) -> None:
        self.cuts = 0
        self.carried: dict[Direction, int] = {"up": 0, "down": 0}
        self._target = target
        self._cut_after: dict[Direction, int | None] = {"up": None, "down": None}
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._dropping = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._server,), daemon=True).start()

    def cut_after(self, count: int, direction: Direction) -> None:
        """Break the connection once `count` more bytes went in one direction; the rest of them never arrives."""
        self._cut_after[direction] = count

    def stall(self) -> None:
        """Let nothing through until `flow`, and break nothing."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let everything through."""
        self._flowing.set()
        self._dropping = False

    def drop(self) -> None:
        """Break what is there; until `flow`, accept connections and drop them."""
        self._dropping = True
        self.cut()

    def refuse(self) -> None:
        """Break what is there and refuse connections until `accept`."""
        self._shut()
        self.cut()

    def accept(self) -> None:
        """Undo `refuse`."""
        if self._server.fileno() < 0:
            self._server = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._serve, args=(self._server,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection now."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            self._break(pair)

    def close(self) -> None:
        """Be gone."""
        self._shut()
        self._flowing.set()
        self.cut()

    def _shut(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = server.accept()
                self._open(near)

    def _open(self, near: socket.socket) -> None:
        try:
            far = None if self._dropping else socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            far = None
        if far is None:
            near.close()
            return
        with self._lock:
            self._pairs.add((near, far))
        threading.Thread(target=self._carry, args=((near, far), "up"), daemon=True).start()
        threading.Thread(target=self._carry, args=((near, far), "down"), daemon=True).start()

    def _carry(self, pair: tuple[socket.socket, socket.socket], direction: Direction) -> None:
        source, sink = pair if direction == "up" else pair[::-1]
        with suppress(OSError):
            while block := source.recv(4096):
                self._flowing.wait()
                block, cut = self._up_to_the_cut(block, direction)
                self.carried[direction] += len(block)
                sink.sendall(block)
                if cut:
                    break
        self._end(pair)

    def _up_to_the_cut(self, block: bytes, direction: Direction) -> tuple[bytes, bool]:
        if (left := self._cut_after[direction]) is None:
            return block, False
        cut = len(block) >= left
        self._cut_after[direction] = None if cut else left - len(block)
        return block[:left], cut

    def _end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with self._lock:
            ours = pair in self._pairs
            self._pairs.discard(pair)
        if ours:
            self._break(pair)

    def _break(self, pair: tuple[socket.socket, socket.socket]) -> None:
        self.cuts += 1
        for end in pair:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()
