"""The frames of PROTOCOL.md as records; whoever makes one that breaks its rules gets a FrameError."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar, Final, TypeAlias

from firmware_bridge.errors import FrameError

VERSION: Final = 1
MAX_FRAME: Final = 244  # edges and COBS included: one notification of Bluetooth LE
MAX_BODY: Final = 241
HEADER: Final = 10
CRC: Final = 4
MAX_PAYLOAD: Final = MAX_BODY - HEADER - CRC
MAX_CHANNELS: Final = 32

_ID = re.compile(r"[A-Za-z0-9._-]{1,24}")
_FIRMWARE = re.compile(r"[A-Za-z0-9._-]{1,16}")
_WORD = re.compile(r"[!-~]{1,8}")
_NAME = re.compile(r"[!-*\-.-~]{1,8}")  # without , and +
_SAID = 60  # letters of an escaped text that are repeated in a message
_U8, _U16, _U32 = 0xFF, 0xFFFF, 0xFFFFFFFF
_HIGHEST: Final = {  # of the fields of that name, whatever their frame
    "boot": _U16,
    "sequence": _U16,
    "clock_us": _U32,
    "rate_mhz": _U32,
    "index": _U32,
    "coding": 4,
    "count": _U8,
    "off": _U32,
    "number": _U8,
    "pressed": 1,
    "percent": 100,
    "millivolts": _U16,
    "id": _U8,
    "result": 4,
    "next_index": _U32,
    "lost": _U32,
    "streaming": 1,
    "action": _U8,
    "argument": _U32,
}


def _said(text: str) -> str:
    """A text that may come from anybody, escaped and cut off."""
    said = ascii(text)
    return said if len(said) <= _SAID else f"{said[:_SAID]}..."


def _single(value: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.inf


class Coding(IntEnum):
    """How the numbers of a samples frame are packed."""

    PACKED16 = 0
    PACKED24 = 1
    DELTA8_OF_16 = 2
    DELTA8_OF_24 = 3
    DELTA16_OF_24 = 4


class Action(IntEnum):
    """What a wearable is told to do."""

    IDENTIFY = 0
    START = 1
    STOP = 2
    SET_RATE = 3


class Result(IntEnum):
    """What became of a command."""

    DONE = 0
    UNKNOWN_ACTION = 1
    WRONG_VALUE = 2
    NOT_NOW = 3
    FAILED = 4


@dataclass(frozen=True)
class Channel:
    """One channel of a wearable: its name, its unit, and units per step, which are rounded to an IEEE 754 single."""

    name: str
    unit: str
    resolution: float

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not _WORD.fullmatch(self.unit):
            raise FrameError(f"channel {_said(self.name)} in {_said(self.unit)}: each is 1 to 8 printable letters")
        resolution = _single(self.resolution)
        if not (math.isfinite(resolution) and resolution > 0):
            raise FrameError(f"channel {self.name} has a resolution of {self.resolution:g}: not above 0, or not finite")
        object.__setattr__(self, "resolution", resolution)


@dataclass(frozen=True)
class _Frame:
    """What every frame bears.

    Attributes:
        boot: Drawn by the wearable at its start; 0 in frames to it.
        sequence: Number of the frame, modulo 2**16.
        clock_us: Of the sender, modulo 2**32.
    """

    TYPE: ClassVar[int]

    boot: int
    sequence: int
    clock_us: int

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name in _HIGHEST and not 0 <= value <= _HIGHEST[name]:
                raise FrameError(f"{name} is {value}: 0 to {_HIGHEST[name]} are possible")


@dataclass(frozen=True)
class Hello(_Frame):
    """Who a wearable is and what its samples mean.

    Attributes:
        device: Its id.
        firmware: Its firmware's version.
        rate_mhz: Samples per second and channel, in thousandths of a hertz.
        width: Bytes per sample, 2 or 3.
        channels: 1 to 32 of them.
    """

    TYPE: ClassVar[int] = 0x01

    device: str
    firmware: str
    rate_mhz: int
    width: int
    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _ID.fullmatch(self.device):
            raise FrameError(f"the device id {_said(self.device)} is not 1 to 24 letters, digits, '.', '_' or '-'")
        if not _FIRMWARE.fullmatch(self.firmware):
            raise FrameError(f"the firmware {_said(self.firmware)} is not 1 to 16 letters, digits, '.', '_' or '-'")
        if not self.rate_mhz:
            raise FrameError("a rate of 0 Hz: it must be above 0")
        if self.width not in (2, 3):
            raise FrameError(f"samples of {self.width} bytes: 2 or 3 are known")
        if not 1 <= len(self.channels) <= MAX_CHANNELS:
            raise FrameError(f"{len(self.channels)} channels: 1 to {MAX_CHANNELS} are possible")
        names = [channel.name for channel in self.channels]
        for name in names:
            if names.count(name) > 1:
                raise FrameError(f"two channels are called {name}: give each its own name")

    @property
    def rate_hz(self) -> float:
        """Samples per second and channel."""
        return self.rate_mhz / 1000


@dataclass(frozen=True)
class Samples(_Frame):
    """Consecutive samples of all channels; `firmware_bridge.coding` makes and reads `data`.

    Attributes:
        index: Number of the first since the wearable's start, modulo 2**32.
        coding: How they are packed.
        channels: How many there are.
        count: Samples of each channel.
        data: Of the length that the others say.
        checked: Whether a reader knows that it is, and that no difference overflows.
    """

    TYPE: ClassVar[int] = 0x02
    checked: ClassVar[bool] = False

    index: int
    coding: Coding
    channels: int
    count: int
    data: bytes

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.channels <= MAX_CHANNELS or not self.count:
            raise FrameError(
                f"{self.count} samples of {self.channels} channels: 1 or more of 1 to {MAX_CHANNELS} are possible"
            )

    @classmethod
    def of_checked(cls, **fields: Any) -> Samples:
        """Of fields, all of them, that are known to be right: a reader makes thousands a second."""
        made = cls.__new__(cls)
        made.__dict__.update(fields, checked=True)
        return made


@dataclass(frozen=True)
class Leads(_Frame):
    """Which leads are off right now: bit k of `off` for channel k."""

    TYPE: ClassVar[int] = 0x03

    off: int


@dataclass(frozen=True)
class Button(_Frame):
    """A button of the wearable was pressed or let go."""

    TYPE: ClassVar[int] = 0x03

    number: int
    pressed: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "pressed", bool(self.pressed))


@dataclass(frozen=True)
class Battery(_Frame):
    """Charge in percent, and voltage in mV; 0 mV where it is not known."""

    TYPE: ClassVar[int] = 0x03

    percent: int
    millivolts: int


@dataclass(frozen=True)
class Ack(_Frame):
    """The answer to the command of that id."""

    TYPE: ClassVar[int] = 0x04

    id: int
    result: Result

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "result", Result(self.result))


@dataclass(frozen=True)
class Heartbeat(_Frame):
    """A sign of life.

    Attributes:
        next_index: What the next sample will have, modulo 2**32.
        lost: Samples that were taken and could not be sent, modulo 2**32.
        streaming: Whether samples are sent.
    """

    TYPE: ClassVar[int] = 0x05

    next_index: int
    lost: int
    streaming: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "streaming", bool(self.streaming))


@dataclass(frozen=True)
class Command(_Frame):
    """Tells a wearable what to do; `argument` is thousandths of a hertz for SET_RATE, else 0.

    `action` may be a number that no `Action` has: the wearable answers that it does not know it.
    """

    TYPE: ClassVar[int] = 0x81

    id: int
    action: int
    argument: int = 0


Event: TypeAlias = Leads | Button | Battery
Frame: TypeAlias = Hello | Samples | Leads | Button | Battery | Ack | Heartbeat | Command
