"""Every command tried on a connected wearable, and its stream listened to."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from firmware_bridge.client import ANSWER_S, TRIES
from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.errors import BridgeError, LinkDown
from firmware_bridge.frames import Ack, Action, Command, Frame, Heartbeat, Samples
from firmware_bridge.grading.observations import Asked, Observations, Trial
from firmware_bridge.links import Link
from firmware_bridge.patience import within
from firmware_bridge.wire import encode

MOST_FRAMES: Final = 500_000  # after which it has heard enough
_NO_ACTION: Final = 200
_BEAT_S: Final = 1.5  # in which a heartbeat must come
_GLANCE_S: Final = 0.1  # from one look at the clock to the next, which need not be the event loop's
_EFFECT_S: Final = 0.5  # which a command's effects are given


async def examine(link: Link, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> Observations:
    """Try every command on the wearable behind `link`, and listen to it for `seconds` between start and stop.

    LinkDown or LinkRefused where the link cannot be opened; whatever goes wrong later is an observation.
    """
    await link.open()
    examiner = _Examiner(link, monotonic)
    try:
        await examiner.run(seconds)
    finally:
        await link.close()
    return examiner.seen


class _Examiner:
    def __init__(self, link: Link, monotonic: Callable[[], float]) -> None:
        self.seen = Observations()
        self._link = link
        self._now = monotonic
        self._decoder = Decoder()
        self._changed = asyncio.Event()
        self._id = secrets.randbelow(256)
        self._sequence = 0

    async def run(self, seconds: float) -> None:
        self._listening = asyncio.ensure_future(self._listen())
        try:
            await self._talk(seconds)
        except LinkDown as error:
            self.seen.broke_off = str(error)
        finally:
            self._listening.cancel()
            with suppress(asyncio.CancelledError, BridgeError):
                await self._listening
        if not self.seen.came:
            self.seen.counts = self._decoder.counts

    async def _talk(self, seconds: float) -> None:
        await self._ask(Trial.IDENTIFY, Action.IDENTIFY)
        await self._until(lambda: self.seen.hello is not None, 1.0)
        if (hello := self.seen.hello) is None:
            return
        await self._ask(Trial.QUIET, Action.STOP)
        await self._until(self._quiet, _BEAT_S)
        await self._ask(Trial.UNKNOWN, _NO_ACTION)
        await self._ask(Trial.IMPOSSIBLE, Action.SET_RATE, 0)
        await self._ask_damaged()
        await self._ask(Trial.START, Action.START)
        began_s = self._now()
        await self._pause(_EFFECT_S)
        await self._ask(Trial.REPEATED, Action.START, again=True)
        await self._pause(_EFFECT_S)
        await self._ask(Trial.BUSY, Action.SET_RATE, hello.rate_mhz)
        await self._until(lambda: len(self.seen.came) >= MOST_FRAMES, began_s + seconds - self._now())
        await self._ask(Trial.STOP, Action.STOP)
        await self._pause(_BEAT_S)

    async def _ask(self, trial: Trial, action: int, argument: int = 0, *, again: bool = False) -> None:
        """Send a command until it is answered, as often as a client does; `again` with the id of the last one."""
        command = self._command(action, argument, again=again)
        sent_s: list[float] = []
        while len(sent_s) < TRIES:
            sent_s.append(self._now())
            await self._link.write(encode(command))
            if await self._until(lambda: self._answer(command.id, sent_s[0]) is not None, ANSWER_S):
                break
        self._note(trial, command.id, sent_s)

    async def _ask_damaged(self) -> None:
        """Send one start whose CRC is wrong."""
        command = self._command(Action.START)
        sent_s = self._now()
        await self._link.write(_damaged(encode(command)))
        await self._pause(_EFFECT_S)
        self._note(Trial.DAMAGED, command.id, [sent_s])

    def _command(self, action: int, argument: int = 0, *, again: bool = False) -> Command:
        self._id = (self._id + (not again)) % 256
        self._sequence = (self._sequence + 1) % (1 << 16)
        return Command(0, self._sequence, int(self._now() * 1e6) % (1 << 32), self._id, action, argument)

    def _note(self, trial: Trial, number: int, sent_s: list[float]) -> None:
        answer = self._answer(number, sent_s[0])
        self.seen.asked[trial] = Asked(tuple(sent_s), *((answer[0], answer[1].result) if answer else ()))

    def _answer(self, number: int, since_s: float) -> tuple[float, Ack] | None:
        return next((one for one in self.seen.of(Ack, since_s) if one[1].id == number), None)

    def _quiet(self) -> bool:
        """Whether a heartbeat has said so since the stop."""
        beats = self.seen.of(Heartbeat, self.seen.asked[Trial.QUIET].sent_s[0])
        return bool(beats) and not beats[-1][1].streaming

    async def _pause(self, seconds: float) -> None:
        await self._until(lambda: False, seconds)

    async def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until something that comes makes `done` true, or `seconds` are over; LinkDown where the link breaks."""
        end_s = self._now() + seconds
        while not done():
            if self._listening.done():
                self._listening.result()
            if (left_s := end_s - self._now()) <= 0:
                return False
            self._changed.clear()
            with suppress(asyncio.TimeoutError):
                await within(min(left_s, _GLANCE_S), self._changed.wait())
        return True

    async def _listen(self) -> None:
        try:
            while True:
                data = await self._link.read()
                now_s = self._now()
                self.seen.counts.bytes += len(data)
                for one in self._decoder.feed(data):
                    self._take(one, now_s)
                self._changed.set()
        finally:
            self._changed.set()

    def _take(self, one: Frame | Rejected, now_s: float) -> None:
        counts = self.seen.counts
        if isinstance(one, Rejected):
            if self.seen.came:  # whoever joins in the middle of a frame sees a damaged one
                setattr(counts, one.reason, getattr(counts, one.reason) + 1)
        elif isinstance(one, Command):
            self.seen.echoed += 1
        else:
            counts.frames += 1
            self.seen.came.append((now_s, replace(one, data=b"") if isinstance(one, Samples) else one))


def _damaged(frame: bytes) -> bytes:
    """`frame` with one byte changed so that its CRC is wrong and its COBS is not."""
    for at in range(1, len(frame) - 1):
        changed = frame[:at] + bytes([frame[at] ^ 0x55]) + frame[at + 1 :]
        came = Decoder().feed(changed)
        if len(came) == 1 and isinstance(came[0], Rejected) and came[0].reason == "crc":
            return changed
    raise AssertionError("every frame has a byte that is neither an edge nor a code of COBS")
