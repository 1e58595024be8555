"""One wearable over one link: identified, started, listened to."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from firmware_bridge import complaints
from firmware_bridge.decoder import Decoder, Reason, Rejected
from firmware_bridge.errors import LinkDown
from firmware_bridge.frames import Ack, Action, Command, Frame, Hello, Result
from firmware_bridge.links import Link
from firmware_bridge.session import Described, Happening, Session
from firmware_bridge.wire import encode

ANSWER_S: Final = 0.5  # after which a command is sent again
TRIES: Final = 6
SILENT_S: Final = 5.0  # five heartbeats
UNREAD: Final = 10_000
_TICK_S: Final = 1.0

_T = TypeVar("_T")


@dataclass(frozen=True)
class Bytes:
    """Raw bytes as they came, at `host_s` of the monotonic clock; given only to whoever asks for them."""

    host_s: float
    data: bytes


News: TypeAlias = Happening | Rejected


class Client:
    """Reads a wearable. Decoder and session outlast the link: after `close`, `open` goes on where it broke off.

    Nothing is read while nobody waits for anything, but for one read that is under way. What comes while a command
    waits for its answer is kept for `news`, the last `UNREAD` of it.

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
        self._unread: deque[News] = deque(maxlen=UNREAD)
        self._reading: asyncio.Task[None] | None = None
        self._end: Exception | None = LinkDown(f"{link.name} is closed")  # why nothing comes any more
        self._commanding = asyncio.Lock()
        self._sequence = 0
        self._id = random.randrange(256)  # noqa: S311 - tells commands apart, hides nothing
        self._hello: Hello | None = None  # since `open`
        self._ack: Ack | None = None  # of the last command
        self._rejected: dict[Reason, str] = {}  # since `open`; the last of each
        self._asked_s = -math.inf

    async def open(self) -> Hello:
        """Open the link and ask who is there.

        LinkDown where nobody is, LinkRefused, or WearableError where somebody does not answer as he should.
        """
        await self.link.open()
        self._end = self._hello = None
        self._rejected.clear()
        try:
            return await self._identified()
        except BaseException:
            await self.close()
            raise

    async def command(self, action: Action, argument: int = 0) -> Ack:
        """Have `action` done; the same command is sent again until it is answered.

        WearableError where it never is, or where the answer is not that it was done.
        """
        async with self._commanding:
            command = self._new_command(action, argument)
            for _ in range(TRIES):
                await self._send(command)
                ack = await self._within(ANSWER_S, lambda: self._ack)
                if ack is not None:
                    break
            else:
                raise complaints.no_answer(self.link.name, action, argument, TRIES)
        if ack.result is not Result.DONE:
            raise complaints.not_done(self.link.name, action, argument, ack.result)
        return ack

    async def news(self) -> AsyncIterator[News]:
        """Everything that has come since `open` and was not yet told, and comes, until the link breaks off (LinkDown).

        A link that brings no frame for `SILENT_S` has broken off, too. WearableError where another wearable than the
        one that was asked for says who it is. One whose samples mean nothing yet is asked who it is.
        """
        silent_s = 0.0
        while True:
            while self._unread:
                yield self._checked(self._unread.popleft())
            silent_s = await self._listen(silent_s)

    async def close(self) -> None:
        """Close the link; harmless when called twice."""
        self._finish(LinkDown(f"{self.link.name} is closed"))
        reading, self._reading = self._reading, None
        try:
            if reading is not None:
                reading.cancel()
                await asyncio.wait({reading})
        finally:
            await self.link.close()

    async def _identified(self) -> Hello:
        frames = self.decoder.counts.frames
        for _ in range(TRIES):
            # always a new command: one that comes again is answered, but does nothing
            await self._send(self._new_command(Action.IDENTIFY))
            hello = await self._within(ANSWER_S, lambda: self._hello)
            if hello is not None:
                self._check(hello)
                return hello
        raise complaints.no_hello(self.link.name, self.decoder.counts.frames - frames, self._rejected)

    def _check(self, hello: Hello) -> None:
        if self._device not in (None, hello.device):
            raise complaints.other_wearable(self.link.name, hello.device, str(self._device))

    def _checked(self, news: News) -> News:
        if isinstance(news, Described):
            self._check(news.hello)
        return news

    async def _listen(self, silent_s: float) -> float:
        """Wait for news for a while; how long there was no frame by then, not counting what the host slept."""
        loop, frames = asyncio.get_running_loop(), self.decoder.counts.frames
        if silent_s >= SILENT_S:
            raise complaints.gone_silent(self.link.name, silent_s)
        began_s = loop.time()
        await self._come(_TICK_S)
        waited_s = loop.time() - began_s
        if self.decoder.counts.frames > frames:
            if self.session.needs_identify:
                await self._ask_again()
            return 0.0
        if waited_s >= _TICK_S:
            self._unread.extend(self.session.flush())
        return silent_s + min(waited_s, _TICK_S)

    async def _ask_again(self) -> None:
        """Ask who it is, unless that was asked a moment ago or a command is under way."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._asked_s >= ANSWER_S and not self._commanding.locked():
            self._asked_s = now_s
            async with self._commanding:
                await self._send(self._new_command(Action.IDENTIFY))

    def _new_command(self, action: Action, argument: int = 0) -> Command:
        self._id = (self._id + 1) % 256
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._ack = None
        clock_us = int(self._monotonic() * 1e6) & 0xFFFFFFFF
        return Command(0, self._sequence, clock_us, self._id, action, argument)

    async def _send(self, command: Command) -> None:
        await self.link.write(encode(command))

    async def _within(self, patience_s: float, answer: Callable[[], _T | None]) -> _T | None:
        """The answer, once it has come; None where it does not."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + patience_s
        while (found := answer()) is None and (left_s := end_s - loop.time()) > 0:
            await self._come(left_s)
        return found

    async def _come(self, patience_s: float) -> None:
        """Wait until something has come, for `patience_s` at most; a read under way goes on when the wait is over."""
        if self._end is not None:
            raise self._end
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        await asyncio.wait({self._reading}, timeout=patience_s)

    async def _read(self) -> None:
        try:
            data = await self.link.read()
            host_s = self._monotonic()
            if self._on_bytes is not None:
                self._on_bytes(Bytes(host_s, data))
            for came in self.decoder.feed(data):
                self._heed(came, host_s)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self._finish(error)

    def _finish(self, why: Exception) -> None:
        if self._end is None:
            self._unread.extend(self.session.flush())
        self._end = why

    def _heed(self, came: Frame | Rejected, host_s: float) -> None:
        if isinstance(came, Rejected):
            self._rejected[came.reason] = came.detail
            self._unread.append(came)
            return
        if isinstance(came, Hello):
            self._hello = came
        elif isinstance(came, Ack) and came.id == self._id:
            self._ack = came
        self._unread.extend(self.session.take(came, host_s))
