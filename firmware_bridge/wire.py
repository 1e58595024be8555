"""Frames to bytes and back: body, CRC, COBS and edges, one frame at a time."""

from __future__ import annotations

import struct
from typing import Final

import google_crc32c
from cobs import cobs

from firmware_bridge.errors import FrameError
from firmware_bridge.frames import HEADER, MAX_PAYLOAD, VERSION, Frame
from firmware_bridge.payloads import READERS, payload_of

_HEAD: Final = struct.Struct("<BBHHI")


def encode(frame: Frame) -> bytes:
    """`frame` as it goes over the wire, edges included; FrameError where a value has no room in it."""
    payload = payload_of(frame)
    if len(payload) > MAX_PAYLOAD:
        name = type(frame).__name__.lower()
        raise FrameError(f"a {name} of {len(payload)} bytes where {MAX_PAYLOAD} have room: shorten its names")
    return framed(_HEAD.pack(VERSION, frame.TYPE, frame.boot, frame.sequence, frame.clock_us) + payload)


def framed(body: bytes) -> bytes:
    """`body`, which has no CRC yet, as it goes over the wire."""
    crc: int = google_crc32c.value(body)
    return b"\0%b\0" % cobs.encode(body + crc.to_bytes(4, "little"))


def parse(body: bytes) -> Frame:
    """The frame whose body, its CRC checked and taken off, is `body`; FrameError where it is not as its type says."""
    if len(body) < HEADER:
        raise FrameError(f"a body of {len(body)} bytes: {HEADER} are the fewest")
    version, type_ = body[0], body[1]
    if version != VERSION:
        raise FrameError(f"a frame of protocol version {version}; this reader knows {VERSION}: update edgeguard")
    if type_ not in READERS:
        raise FrameError(f"a frame of type {type_:#04x}, which version {VERSION} does not have")
    return READERS[type_](body)
