"""A virtual wearable run behind one end of a byte stream."""

from __future__ import annotations

import asyncio
import math
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Protocol

from firmware_bridge.simulator.noisy_wire import NoisyWire
from firmware_bridge.simulator.spells import Spells

if TYPE_CHECKING:
    from typing_extensions import Self

TICK_S: Final = 0.01
STEP_S: Final = 0.25  # of the wearable's time in one turn, when it runs as fast as it is read
_BLOCKED_S: Final = 0.001


class Wearable(Protocol):
    """What can be plugged in: a virtual wearable, or a recorded one."""

    @property
    def streaming(self) -> bool:
        """Whether it has samples to send."""

    def hear(self, data: bytes, now_s: float) -> None:
        """Take what came over the wire."""

    def speak(self, now_s: float) -> bytes:
        """All that is to be sent by `now_s`."""


class Plug(ABC):
    """One end of a byte stream, behind which a wearable runs; the other end is for whoever reads it.

    Attributes:
        now_s: How long the wearable has run, in its time.
    """

    now_s = 0.0

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
        wearable: Wearable,
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
        begun, self.now_s, waiting = time.monotonic(), 0.0, b""
        try:
            while self.now_s < seconds:
                if breaks is not None and breaks.at(self.now_s):
                    self.pull()
                    waiting = b""
                else:
                    self.insert()
                    if self.in_use() and not waiting:
                        waiting = self._asked(wearable, wire, back)
                    waiting = waiting[self.write(waiting) :]
                if math.isinf(speed):
                    await asyncio.sleep(_BLOCKED_S if waiting else 0 if wearable.streaming else TICK_S)
                    self.now_s += 0 if waiting else STEP_S
                else:
                    await asyncio.sleep(TICK_S)
                    self.now_s = (time.monotonic() - begun) * speed
        finally:
            wearable.hear(b"", self.now_s)  # what it lost since it was last asked is counted

    def _asked(self, wearable: Wearable, wire: NoisyWire | None, back: NoisyWire | None) -> bytes:
        if heard := self.read():
            wearable.hear(back.carry(heard) if back else heard, self.now_s)
        said = wearable.speak(self.now_s)
        return wire.carry(said) if wire else said
