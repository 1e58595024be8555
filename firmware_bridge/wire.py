"""Frames to bytes and back: body, CRC, COBS and edges, one frame at a time."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final

import google_crc32c
from cobs import cobs

from firmware_bridge.coding import HEAD, data_length
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import (
    HEADER,
    MAX_CHANNELS,
    MAX_PAYLOAD,
    VERSION,
    Ack,
    Battery,
    Button,
    Channel,
    Coding,
    Command,
    Frame,
    Heartbeat,
    Hello,
    Leads,
    Result,
    Samples,
)

EVENT: Final = 0x03
_HEAD = struct.Struct("<BBHHI")
_SAMPLES = struct.Struct("<IBBB")
_CODINGS = tuple(Coding)
_EVENTS: Final[tuple[tuple[type[Leads | Button | Battery], struct.Struct], ...]] = (
    (Leads, struct.Struct("<I")),
    (Button, struct.Struct("<BB")),
    (Battery, struct.Struct("<BH")),
)


def encode(frame: Frame) -> bytes:
    """`frame` as it goes over the wire, edges included; FrameError where a value has no room in it."""
    payload = _payload(frame)
    if len(payload) > MAX_PAYLOAD:
        raise FrameError(
            f"a {type(frame).__name__} of {len(payload)} bytes: {MAX_PAYLOAD} are possible; shorten its names"
        )
    return framed(_HEAD.pack(VERSION, frame.TYPE, frame.boot, frame.sequence, frame.clock_us) + payload)


def framed(body: bytes) -> bytes:
    """`body`, still without its CRC, as it goes over the wire."""
    crc: int = google_crc32c.value(body)
    return b"\0%b\0" % cobs.encode(body + crc.to_bytes(4, "little"))


def parse(body: bytes) -> Frame:
    """The frame whose body, its CRC checked and taken off, is `body`; FrameError where it is not as its type says."""
    if len(body) < HEADER:
        raise FrameError(f"a body of {len(body)} bytes: {HEADER} are the fewest")
    version, kind, boot, sequence, clock_us = _HEAD.unpack_from(body)
    if version != VERSION:
        raise FrameError(f"a frame of protocol version {version}; this reader knows {VERSION}: update edgeguard")
    read = READERS.get(kind)
    if read is None:
        raise FrameError(f"a frame of type {kind:#04x}: version {VERSION} has none")
    return read((boot, sequence, clock_us), body[HEADER:])


def _payload(frame: Frame) -> bytes:
    match frame:
        case Samples():
            return _samples_payload(frame)
        case Hello():
            return _hello_payload(frame)
        case Leads(off=off):
            return struct.pack("<BI", 0, off)
        case Button(number=number, pressed=pressed):
            return struct.pack("<BBB", 1, number, pressed)
        case Battery(percent=percent, millivolts=millivolts):
            return struct.pack("<BBH", 2, percent, millivolts)
        case Ack(id=number, result=result):
            return struct.pack("<BB", number, result)
        case Heartbeat(next_index=index, lost=lost, streaming=streaming):
            return struct.pack("<IIB", index, lost, streaming)
        case Command(id=number, action=action, argument=argument):
            return struct.pack("<BBI", number, action, argument)


def _samples_payload(frame: Samples) -> bytes:
    _check_data(frame)
    return _SAMPLES.pack(frame.index, frame.coding, frame.channels, frame.count) + frame.data


def _hello_payload(frame: Hello) -> bytes:
    parts = [
        _text(frame.device),
        _text(frame.firmware),
        struct.pack("<IBH", frame.rate_mhz, frame.width, len(frame.channels)),
    ]
    for (resolution, unit), group in groupby(frame.channels, lambda one: (one.resolution, one.unit)):
        parts.append(struct.pack("<Bf", len(list(group)), resolution) + _text(unit))
    parts.extend(_text(channel.name) for channel in frame.channels)
    return b"".join(parts)


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")


def _check_data(frame: Samples) -> None:
    needed = data_length(frame.coding, frame.channels, frame.count)
    if len(frame.data) != needed:
        raise FrameError(
            f"{len(frame.data)} bytes of data: {frame.count} samples of {frame.channels} channels "
            f"in {frame.coding.name} have {needed}"
        )


class _Payload:
    """Reads a payload from front to back; FrameError where it ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.bytes(layout.size))

    def bytes(self, length: int) -> bytes:
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise FrameError(f"a payload of {len(self._data)} bytes that ends too early")
        return self._data[start : self._at]

    def byte(self) -> int:
        return self.bytes(1)[0]

    def text(self) -> str:
        return self.bytes(self.byte()).decode("latin-1")

    def end(self) -> None:
        if self._at != len(self._data):
            raise FrameError(f"a payload of {len(self._data)} bytes: {self._at} would be enough")


_Head = tuple[int, int, int]


def _read_hello(head: _Head, payload: bytes) -> Hello:
    rest = _Payload(payload)
    device, firmware = rest.text(), rest.text()
    rate_mhz, width, channels = rest.take(struct.Struct("<IBH"))
    if not 1 <= channels <= MAX_CHANNELS:
        raise FrameError(f"{channels} channels: 1 to {MAX_CHANNELS} are possible")
    alike: list[tuple[str, float]] = []
    while len(alike) < channels:
        many, resolution = rest.take(struct.Struct("<Bf"))
        unit = rest.text()
        if not 1 <= many <= channels - len(alike):
            raise FrameError(f"a group of {many} channels where {channels - len(alike)} are left")
        alike += [(unit, resolution)] * many
    named = tuple(Channel(rest.text(), unit, resolution) for unit, resolution in alike)
    rest.end()
    return Hello(*head, device, firmware, rate_mhz, width, named)


def _read_samples(head: _Head, payload: bytes) -> Samples:
    index, coding, channels, count = _Payload(payload).take(_SAMPLES)
    if coding >= len(_CODINGS):
        raise FrameError(f"coding {coding}: 0 to {len(_CODINGS) - 1} are known")
    frame = Samples(*head, index, _CODINGS[coding], channels, count, payload[HEAD:])
    _check_data(frame)
    return frame


def _read_event(head: _Head, payload: bytes) -> Leads | Button | Battery:
    rest = _Payload(payload)
    kind = rest.byte()
    if kind >= len(_EVENTS):
        raise FrameError(f"an event of kind {kind}: 0 to {len(_EVENTS) - 1} are known")
    made, layout = _EVENTS[kind]
    values = rest.take(layout)
    rest.end()
    return made(*head, *values)


def _read_ack(head: _Head, payload: bytes) -> Ack:
    number, result = _exactly(payload, struct.Struct("<BB"))
    if result >= len(Result):
        raise FrameError(f"result {result}: 0 to {len(Result) - 1} are known")
    return Ack(*head, number, Result(result))


def _read_heartbeat(head: _Head, payload: bytes) -> Heartbeat:
    index, lost, streaming = _exactly(payload, struct.Struct("<IIB"))
    return Heartbeat(*head, index, lost, streaming)


def _read_command(head: _Head, payload: bytes) -> Command:
    return Command(*head, *_exactly(payload, struct.Struct("<BBI")))


def _exactly(payload: bytes, layout: struct.Struct) -> Sequence[Any]:
    rest = _Payload(payload)
    values = rest.take(layout)
    rest.end()
    return values


READERS: Final[dict[int, Callable[[_Head, bytes], Frame]]] = {
    Hello.TYPE: _read_hello,
    Samples.TYPE: _read_samples,
    EVENT: _read_event,
    Ack.TYPE: _read_ack,
    Heartbeat.TYPE: _read_heartbeat,
    Command.TYPE: _read_command,
}
