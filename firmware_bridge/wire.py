"""Frames to bytes and back: body, CRC, COBS and edges, one frame at a time."""

from __future__ import annotations

from firmware_bridge.frames import Frame


def encode(frame: Frame) -> bytes:
    """`frame` as it goes over the wire, edges included; FrameError where a value has no room in it."""
    raise NotImplementedError


def parse(body: bytes) -> Frame:
    """The frame whose body, its CRC checked and taken off, is `body`; FrameError where it is not as its type says."""
    raise NotImplementedError
