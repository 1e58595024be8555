"""One wearable over one link: identified, started, listened to."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.errors import LinkDown, WearableError
from firmware_bridge.frames import Ack, Action, Command, Frame, Hello, Result
from firmware_bridge.links import Link
from firmware_bridge.session import Happening, Session
from firmware_bridge.wire import encode

ANSWER_S: Final = 0.5  # after which a command is sent again
TRIES: Final = 6
SILENT_S: Final = 5.0  # five heartbeats: a link that is open and brings nothing for so long is down
_TICK_S: Final = 1.0
_UNREAD: Final = 10_000  # news that nobody takes; the oldest go first


@dataclass(frozen=True)
class Bytes:
    """Raw bytes as they came, at `host_s` of the monotonic clock; given only to whoever asks for them."""

    host_s: float
    data: bytes


News: TypeAlias = Happening | Rejected

_REASONS: Final = {
    Result.UNKNOWN_ACTION: "its firmware does not know it",
    Result.WRONG_VALUE: "the value is not one that it can take",
    Result.NOT_NOW: "not now: stop it first",
    Result.FAILED: "it tried and failed",
}


class Client:
    """Reads a wearable. Decoder and session outlast the link: after `close`, `open` goes on where it broke off.

    Args:
        link: To the wearable.
        device: The id that it must have, or None for any.
        monotonic: Seconds of a clock that never jumps.
        on_bytes: Is given everything that comes, before it is decoded: a recorder.

    Attributes:
        decoder: Counts what was dropped.
        session: Counts what is missing.
    """

    def __init__(
        self,
        link: Link,
        *,
        device: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        on_bytes: Callable[[Bytes], None] | None = None,
    ) -> None:
        self.link = link
        self.decoder = Decoder()
        self.session = Session()
        self._device = device
        self._monotonic = monotonic
        self._on_bytes = on_bytes
        self._unread: deque[News] = deque(maxlen=_UNREAD)
        self._reading: asyncio.Task[None] | None = None
        self._commanding = asyncio.Lock()
        self._sequence = 0
        self._id = random.randrange(256)  # noqa: S311 - tells commands apart, hides nothing
        self._hello: Hello | None = None
        self._ack: Ack | None = None
        self._rejected: dict[str, str] = {}
        self._asked_s = 0.0

    async def open(self) -> Hello:
        """Open the link and ask who is there.

        LinkDown, LinkRefused, or WearableError where nobody answers as he should.
        """
        await self.link.open()
        try:
            return await self._identified()
        except BaseException:
            await self.close()
            raise

    async def command(self, action: Action, argument: int = 0) -> Ack:
        """Have `action` done; the same command is sent again until it is answered. WearableError where it never is."""
        async with self._commanding:
            self._id = (self._id + 1) % 256
            self._ack = None
            for _ in range(TRIES):
                await self._send(self._id, action, argument)
                if (ack := await self._wait(lambda: self._ack, ANSWER_S)) is not None:
                    break
            else:
                raise WearableError("no answer")
        if ack.result is not Result.DONE:
            raise WearableError(f"{self.link.name}: refused {action.name.lower()}: {_REASONS[ack.result]}")
        return ack

    async def news(self) -> AsyncIterator[News]:
        """Everything that comes from now on, until the link breaks off (LinkDown)."""
        while True:
            while self._unread:
                yield self._unread.popleft()
            await self._come(_TICK_S)

    async def close(self) -> None:
        """Close the link; harmless when called twice."""
        reading, self._reading = self._reading, None
        try:
            if reading is not None:
                reading.cancel()
                await asyncio.wait({reading})
        finally:
            await self.link.close()

    async def _identified(self) -> Hello:
        self._hello = None
        for _ in range(TRIES):
            self._id = (self._id + 1) % 256
            await self._send(self._id, Action.IDENTIFY)
            if (hello := await self._wait(lambda: self._hello, ANSWER_S)) is not None:
                if self._device not in (None, hello.device):
                    raise WearableError(f"{self.link.name} is the wearable {hello.device!r}, not {self._device!r}")
                return hello
        raise WearableError(f"{self.link.name}: nobody answers")

    async def _wait(self, answer, patience_s):
        end_s = self._monotonic() + patience_s
        while answer() is None and (left_s := end_s - self._monotonic()) > 0:
            await self._come(left_s)
        return answer()

    async def _send(self, number: int, action: int, argument: int = 0) -> None:
        clock_us = int(self._monotonic() * 1e6) & 0xFFFFFFFF
        self._sequence = (self._sequence + 1) & 0xFFFF
        await self.link.write(encode(Command(0, self._sequence, clock_us, number, action, argument)))

    async def _come(self, patience_s: float) -> bool:
        """Wait until something has come, but for `patience_s` at most; whether it has."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        reading = self._reading
        await asyncio.wait({reading}, timeout=patience_s)
        if not reading.done():
            return False
        if self._reading is reading:
            self._reading = None
        if reading.cancelled():
            raise LinkDown(f"{self.link.name} was closed")
        reading.result()
        return True

    async def _read(self) -> None:
        try:
            data = await self.link.read()
        except LinkDown:
            self._unread.extend(self.session.flush())
            raise
        host_s = self._monotonic()
        if self._on_bytes is not None:
            self._on_bytes(Bytes(host_s, data))
        for came in self.decoder.feed(data):
            if isinstance(came, Rejected):
                self._unread.append(came)
            else:
                self._heed(came)
                self._unread.extend(self.session.take(came, host_s))

    def _heed(self, frame: Frame) -> None:
        if isinstance(frame, Hello):
            self._hello = frame
        elif isinstance(frame, Ack) and frame.id == self._id:
            self._ack = frame
