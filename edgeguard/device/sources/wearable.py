"""A wearable that speaks the protocol of `firmware_bridge`: over a serial port, TCP or Bluetooth LE."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Feed, Samples
from edgeguard.device.sources.bridge_errors import translated, tried_again
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.device.sources.claims import claim, release
from edgeguard.errors import ConfigError, SourceError
from edgeguard.signals.spec import SignalSpec
from firmware_bridge.errors import BridgeError, LinkDown
from firmware_bridge.frames import Ack, Action, Battery, Heartbeat, Hello, Leads
from firmware_bridge.links import open_link
from firmware_bridge.patience import within

with translated():  # its libraries are an extra
    from edgeguard.device.sources.wearable_faults import WireFaults
    from firmware_bridge.client import Client, News
    from firmware_bridge.session import Block, Restarted

log = logging.getLogger(__name__)

LEAD_OFF: Final = "lead off"
_OURS: Final = ("device", "channels")
_FAREWELL_S: Final = 1.0
_U31, _U32 = 1 << 31, 1 << 32


class WearableSource:
    """Reads a wearable over one kind of link; what the link takes may be followed by options of ours.

    ``device=ID`` refuses every other wearable, ``channels=A+B`` chooses where names differ from the model's. Indices go
    on over all reconnections. A missing sample and one whose lead is off are NaN.
    """

    _kind: ClassVar[str]

    def __init__(self, argument: str, speed: float) -> None:
        where, options = _parted(argument)
        try:
            with translated():
                self._link = open_link(f"{self._kind}:{where}")
        except SourceError as error:
            raise ConfigError(str(error)) from error
        self._client = Client(self._link, device=options.get("device"))
        self._wanted = options["channels"].split("+") if "channels" in options else []
        self._speed = speed
        self._faults: Counter[str] = Counter()
        self._wire = WireFaults(self._client.decoder.counts, self._client.session.counts, self._faults)
        self._claimed: str | None = None
        self._told_to_start = False
        self._started: Ack | None = None  # the answer to the last start
        self._leads_off: set[int] = set()  # of the channels that the model takes
        self._charge: float | None = None  # the lowest since it was last asked

    async def open(self, signal: SignalSpec) -> Feed:
        """The channels of `signal`, in its unit, at the wearable's rate, and the wearable started.

        LinkError where it is not there; caused by a SourceError where someone must mend something first.
        """
        with tried_again():
            hello = await self._client.open()
            claim(hello.device, self._link.name)
            self._claimed = hello.device
            taken = self._taken(hello, signal)
            await self._start()
        log.info("%s: %s, firmware %s, %s", self._link.name, hello.device, hello.firmware, _described(hello))
        samples = self._samples(hello, *taken)
        return Feed(hello.rate_hz, samples, live=True, faults=self._faults, speed=self._speed, battery=self._battery)

    async def close(self) -> None:
        """Stop the wearable where it still hears us, and let go of the link; harmless when called twice."""
        try:
            if self._told_to_start:
                self._told_to_start = False
                with suppress(BridgeError, asyncio.TimeoutError):
                    await within(_FAREWELL_S, self._client.command(Action.STOP))
        finally:
            await self._client.close()
            if self._claimed is not None:
                release(self._claimed)
                self._claimed = None

    def _taken(self, hello: Hello, signal: SignalSpec) -> tuple[list[int], NDArray[np.float32]]:
        origin, names = f"{hello.device} at {self._link.name}", [channel.name for channel in hello.channels]
        rows = channel_rows(names, len(names), signal, self._wanted, origin)
        return rows, scales([channel.unit for channel in hello.channels], rows, signal.units, origin)

    async def _start(self) -> None:
        self._told_to_start = True
        self._started = await self._client.command(Action.START)

    async def _samples(self, hello: Hello, rows: list[int], factors: NDArray[np.float32]) -> AsyncIterator[Samples]:
        with tried_again():
            async for news in self._client.news():
                self._wire.count()
                if isinstance(news, Block):
                    hello = self._as_before(hello, news.hello)
                    yield Samples(news.start, news.values[rows] * factors)
                else:
                    await self._heed(news, rows)

    def _as_before(self, before: Hello, now: Hello) -> Hello:
        """`now`; LinkDown where its samples are others than before."""
        if now is not before and _meaning(now) != _meaning(before):
            raise LinkDown(f"{now.device} at {self._link.name} sends {_described(now)} from now on: it is opened anew")
        return now

    async def _heed(self, news: News, rows: list[int]) -> None:
        match news:
            case Restarted(known_boot=True):
                log.warning("%s: two wearables speak on it: one is listened to, take the other away", self._link.name)
            case Leads(off=off):
                self._note_leads({row for row in rows if off >> row & 1})
            case Battery(percent=percent):
                self._note_charge(percent / 100)
            case Heartbeat(streaming=False) if self._is_new(news):
                await self._start()

    def _is_new(self, heartbeat: Heartbeat) -> bool:
        """Whether it was made after the wearable was started: each start costs a gap."""
        started = self._started
        if started is None or heartbeat.boot != started.boot:
            return True
        return 0 < (heartbeat.clock_us - started.clock_us) % _U32 < _U31

    def _note_leads(self, off: set[int]) -> None:
        if came_off := off - self._leads_off:
            self._faults[LEAD_OFF] += len(came_off)
        self._leads_off = off

    def _note_charge(self, now: float) -> None:
        self._charge = now if self._charge is None else min(self._charge, now)

    def _battery(self) -> float | None:
        lowest, self._charge = self._charge, None
        return lowest


class SerialSource(WearableSource):
    """``/dev/ttyACM0`` or ``/dev/ttyUSB0,baud=921600``."""

    _kind = "serial"


class TcpSource(WearableSource):
    """``HOST:PORT``."""

    _kind = "tcp"


class BleSource(WearableSource):
    """``NAME`` or ``ADDRESS`` of a wearable with the Nordic UART service."""

    _kind = "ble"


def _parted(argument: str) -> tuple[str, dict[str, str]]:
    """What the link is opened with, and the options that are ours."""
    theirs, ours = [], {}
    for part in argument.split(","):
        name, _, value = part.partition("=")
        if name in _OURS:
            ours[name] = value
        else:
            theirs.append(part)
    return ",".join(theirs), ours


def _meaning(hello: Hello) -> object:
    """What must not change while samples flow."""
    return hello.device, hello.rate_mhz, [(channel.name, channel.unit) for channel in hello.channels]


def _described(hello: Hello) -> str:
    return f"{'+'.join(channel.name for channel in hello.channels)} at {hello.rate_hz:g} Hz"
