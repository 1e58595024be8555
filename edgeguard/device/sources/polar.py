"""A Polar H10 chest strap: its ECG over Bluetooth LE."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

from edgeguard.device.samples import Feed, Samples
from edgeguard.device.sources.bridge_errors import translated, tried_again
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.errors import ConfigError
from edgeguard.signals.spec import SignalSpec
from firmware_bridge import polar
from firmware_bridge.errors import BridgeError, FrameError, LinkDown
from firmware_bridge.links.inbox import Inbox
from firmware_bridge.patience import within
from firmware_bridge.polar_index import PolarIndex

with translated():  # bleak is an extra
    from firmware_bridge.links.radio import BleakRadio, Connection, Radio

_ANSWER_S: Final = 5.0
_FAREWELL_S: Final = 1.0


class PolarSource:
    """Reads the strap ``ADDRESS`` or ``NAME``, such as ``Polar H10 1234ABCD``: the channel ``ECG`` in uV at 130 Hz.

    ``,channels=ECG`` takes it for a model whose channel is called otherwise. Indices go on over all reconnections, by
    the strap's clock. The first samples may come half a minute after the start.
    """

    def __init__(
        self,
        argument: str,
        speed: float,
        radio: Radio | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wanted, _, channels = argument.partition(",channels=")
        if not self._wanted:
            raise ConfigError("polar: names no strap: write polar:ADDRESS, or polar:NAME as it is printed on it")
        self._name = f"polar:{self._wanted}"
        self._channels = channels.split("+") if channels else []
        self._speed = speed
        self._radio = radio or BleakRadio()
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._index = PolarIndex(polar.RATE_HZ)
        self._clock_sets = 0  # that were counted
        self._faults: Counter[str] = Counter()
        self._charge: float | None = None  # the lowest since it was last asked

    async def open(self, signal: SignalSpec) -> Feed:
        """The ECG in the unit of `signal`.

        SourceError where the model takes something else, LinkError where the strap is not there or refuses.
        """
        rows = channel_rows(["ECG"], 1, signal, self._channels, self._name)
        factor = float(scales(["uV"], rows, signal.units, self._name)[0, 0])
        with tried_again():
            inbox, answers = Inbox(), Inbox()
            connection = self._connection = await self._radio.connect(self._wanted, lambda: self._end(inbox, answers))
            await connection.listen(polar.CONTROL, answers.put)
            await connection.listen(polar.DATA, inbox.put)
            await self._start(connection, answers)
            await self._watch_battery(connection)
        samples = self._samples(inbox, factor)
        return Feed(polar.RATE_HZ, samples, live=True, faults=self._faults, speed=self._speed, battery=self._battery)

    async def close(self) -> None:
        """Stop the ECG where the strap still hears us, and disconnect; harmless when called twice."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            with suppress(BridgeError, asyncio.TimeoutError):
                await within(_FAREWELL_S, connection.write(polar.CONTROL, polar.STOP))
        finally:
            await connection.close()

    def _end(self, *inboxes: Inbox) -> None:
        for inbox in inboxes:
            inbox.end(f"{self._name} is out of reach, or off the skin for a minute")

    async def _start(self, connection: Connection, answers: Inbox) -> None:
        (await self._asked(connection, answers, polar.ASK)).check(self._name)
        answer = await self._asked(connection, answers, polar.START)
        if answer.already:
            await self._asked(connection, answers, polar.STOP)
            answer = await self._asked(connection, answers, polar.START)
        answer.check(self._name)

    async def _asked(self, connection: Connection, answers: Inbox, command: bytes) -> polar.Answer:
        await connection.write(polar.CONTROL, command)
        try:
            return await within(_ANSWER_S, _answer(answers, command))
        except asyncio.TimeoutError as error:
            raise LinkDown(f"{self._name} does not answer: take it off for a minute and try again") from error

    async def _samples(self, inbox: Inbox, factor: float) -> AsyncIterator[Samples]:
        while True:
            with tried_again():
                heard = await inbox.take()
            host_s = self._monotonic()
            for data in heard:
                if samples := self._placed(data, host_s, factor):
                    yield samples

    def _placed(self, data: bytes, host_s: float, factor: float) -> Samples | None:
        try:
            nanoseconds, microvolts = polar.ecg_from(data)
        except FrameError:
            self._faults["malformed frame"] += 1
            return None
        start = self._index.place(nanoseconds, len(microvolts), host_s)
        if start is None:
            self._faults["repeated frame"] += 1
            return None
        if self._index.clock_sets > self._clock_sets:
            self._clock_sets = self._index.clock_sets
            self._faults["wearable restarted"] += 1
        return Samples(start, (microvolts * factor).astype("float32")[None])

    async def _watch_battery(self, connection: Connection) -> None:
        with suppress(BridgeError):  # a strap without it has a battery all the same
            self._note_charge(await connection.read(polar.BATTERY))
            await connection.listen(polar.BATTERY, self._note_charge)

    def _note_charge(self, data: bytes) -> None:
        if len(data) == 1 and data[0] <= 100:
            charge = data[0] / 100
            self._charge = charge if self._charge is None else min(self._charge, charge)

    def _battery(self) -> float | None:
        lowest, self._charge = self._charge, None
        return lowest


async def _answer(answers: Inbox, command: bytes) -> polar.Answer:
    """The next one to `command`; others are passed over."""
    while True:
        for data in await answers.take():
            with suppress(FrameError):
                answer = polar.answer_from(data)
                if answer.command == command[0]:
                    return answer
