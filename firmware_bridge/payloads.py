"""What stands behind the header of each type of frame, written and read."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import fields
from itertools import groupby
from typing import Any, Final

from firmware_bridge.coding import HEAD, check_data
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import (
    HEADER,
    MAX_CHANNELS,
    Ack,
    Battery,
    Button,
    Channel,
    Coding,
    Command,
    Event,
    Frame,
    Heartbeat,
    Hello,
    Leads,
    Samples,
)

KINDS: Final[tuple[type[Event], ...]] = (Leads, Button, Battery)  # of events
_LAYOUTS: Final[dict[type[Frame], struct.Struct]] = {
    Leads: struct.Struct("<BI"),
    Button: struct.Struct("<BBB"),
    Battery: struct.Struct("<BBH"),
    Ack: struct.Struct("<BB"),
    Heartbeat: struct.Struct("<IIB"),
    Command: struct.Struct("<BBI"),
}
_HEAD: Final = struct.Struct("<xxHHI")
_SAMPLES: Final = struct.Struct("<IBBB")
_SAMPLES_BODY: Final = struct.Struct("<xxHHIIBBB")
_SIGNAL: Final = struct.Struct("<IBH")
_GROUP: Final = struct.Struct("<Bf")
_CODINGS: Final = tuple(Coding)


def payload_of(frame: Frame) -> bytes:
    """The payload of `frame`; FrameError where samples have not as many bytes of data as they say."""
    if isinstance(frame, Samples):
        check_data(frame.coding, frame.channels, frame.count, frame.data)
        return _SAMPLES.pack(frame.index, frame.coding, frame.channels, frame.count) + frame.data
    if isinstance(frame, Hello):
        return _hello_payload(frame)
    numbers = [getattr(frame, field.name) for field in fields(frame)[3:]]
    kind = [KINDS.index(type(frame))] if isinstance(frame, Event) else []
    return _LAYOUTS[type(frame)].pack(*kind, *numbers)


def _hello_payload(frame: Hello) -> bytes:
    parts = [_counted(frame.device), _counted(frame.firmware)]
    parts.append(_SIGNAL.pack(frame.rate_mhz, frame.width, len(frame.channels)))
    for (resolution, unit), alike in groupby(frame.channels, lambda channel: (channel.resolution, channel.unit)):
        parts.append(_GROUP.pack(len(list(alike)), resolution) + _counted(unit))
    return b"".join(parts + [_counted(channel.name) for channel in frame.channels])


def _counted(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")


def read_samples(body: bytes) -> Samples:
    """A samples frame; FrameError where its data are not what coding, channels and count say."""
    if len(body) < _SAMPLES_BODY.size:
        raise FrameError(f"samples of {len(body) - HEADER} bytes: {HEAD} are the fewest")
    boot, sequence, clock_us, index, coding, channels, count = _SAMPLES_BODY.unpack_from(body)
    if coding >= len(_CODINGS):
        raise FrameError(f"coding {coding}: 0 to {len(_CODINGS) - 1} are known")
    data, coding = body[_SAMPLES_BODY.size :], _CODINGS[coding]
    check_data(coding, channels, count, data)
    return Samples.of_checked(
        boot=boot,
        sequence=sequence,
        clock_us=clock_us,
        index=index,
        coding=coding,
        channels=channels,
        count=count,
        data=data,
    )


def read_hello(body: bytes) -> Hello:
    """A hello; FrameError where it breaks off, goes on too long, or breaks a rule of `Hello`."""
    left = _Left(body[HEADER:])
    device, firmware = left.text(), left.text()
    rate_mhz, width, channels = left.numbers(_SIGNAL)
    if not 1 <= channels <= MAX_CHANNELS:
        raise FrameError(f"{channels} channels: 1 to {MAX_CHANNELS} are possible")
    described = _read_groups(left, channels)
    named = tuple(Channel(left.text(), unit, resolution) for resolution, unit in described)
    left.end()
    boot, sequence, clock_us = _HEAD.unpack_from(body)
    return Hello(boot, sequence, clock_us, device, firmware, rate_mhz, width, named)


def _read_groups(left: _Left, channels: int) -> list[tuple[float, str]]:
    """Resolution and unit of each channel."""
    described: list[tuple[float, str]] = []
    while len(described) < channels:
        alike, resolution = left.numbers(_GROUP)
        if not 1 <= alike <= channels - len(described):
            raise FrameError(f"a group of {alike} channels, where {channels - len(described)} are left")
        described += [(resolution, left.text())] * alike
    return described


def read_event(body: bytes) -> Event:
    """An event; FrameError where its kind is unknown."""
    if len(body) == HEADER:
        raise FrameError("an event without a kind")
    if body[HEADER] >= len(KINDS):
        raise FrameError(f"an event of kind {body[HEADER]}: 0 to {len(KINDS) - 1} are known")
    kind = KINDS[body[HEADER]]
    return kind(*_HEAD.unpack_from(body), *_exactly(kind, body)[1:])


def read_ack(body: bytes) -> Ack:
    """An ack."""
    return Ack(*_HEAD.unpack_from(body), *_exactly(Ack, body))


def read_heartbeat(body: bytes) -> Heartbeat:
    """A heartbeat."""
    return Heartbeat(*_HEAD.unpack_from(body), *_exactly(Heartbeat, body))


def read_command(body: bytes) -> Command:
    """A command, of whatever action."""
    return Command(*_HEAD.unpack_from(body), *_exactly(Command, body))


def _exactly(made: type[Frame], body: bytes) -> tuple[Any, ...]:
    layout = _LAYOUTS[made]
    if len(body) != HEADER + layout.size:
        raise FrameError(f"{made.__name__.lower()} of {len(body) - HEADER} bytes: {layout.size} are right")
    return layout.unpack_from(body, HEADER)


READERS: Final[dict[int, Callable[[bytes], Frame]]] = {
    Hello.TYPE: read_hello,
    Samples.TYPE: read_samples,
    Leads.TYPE: read_event,
    Ack.TYPE: read_ack,
    Heartbeat.TYPE: read_heartbeat,
    Command.TYPE: read_command,
}


class _Left:
    """What is left of a hello, read from the front; FrameError where it ends too early or goes on."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 0

    def numbers(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self._next(layout.size))

    def text(self) -> str:
        return self._next(self._next(1)[0]).decode("latin-1")

    def end(self) -> None:
        if self._at < len(self._payload):
            raise FrameError(f"a hello of {self._at} bytes, with {len(self._payload) - self._at} more behind it")

    def _next(self, length: int) -> bytes:
        start, self._at = self._at, self._at + length
        if self._at > len(self._payload):
            raise FrameError(f"a hello that breaks off after {len(self._payload)} bytes")
        return self._payload[start : self._at]
