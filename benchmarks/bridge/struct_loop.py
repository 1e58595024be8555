"""The peer of the codec: samples frames with `struct`, number by number, as firmware readers are often written.

The same header, the same cuts (it is given them), the same numbers; neither CRC nor COBS nor edges: it is given the
bodies one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.coding import WIDTHS
from firmware_bridge.stream import Cut

_HEAD = struct.Struct("<BBHHIIBBB")
_NUMBER = {1: struct.Struct("<b"), 2: struct.Struct("<h"), 3: struct.Struct("<i")}


def encoded(values: NDArray[np.int32], cuts: Sequence[Cut]) -> list[bytes]:
    """Bodies of values (channels, n)."""
    samples = values.T.tolist()
    return [_body(samples, number, cut) for number, cut in enumerate(cuts)]


def _body(samples: list[list[int]], number: int, cut: Cut) -> bytes:
    base, step = WIDTHS[cut.coding]
    channels, count = len(samples[0]), cut.stop - cut.start
    clock_us = cut.start * 4000 & 0xFFFFFFFF
    parts = [_HEAD.pack(1, 2, 7, number & 0xFFFF, clock_us, cut.start, cut.coding, channels, count)]
    before: list[int] = []
    for sample in samples[cut.start : cut.stop]:
        for channel, value in enumerate(sample):
            if step and before:
                parts.append(_NUMBER[step].pack(value - before[channel]))
            else:
                parts.append(_NUMBER[base].pack(value)[:base])
        before = sample
    return b"".join(parts)


def decoded(bodies: Sequence[bytes]) -> list[NDArray[np.int32]]:
    """Values (channels, count) of each body."""
    return [_values(body) for body in bodies]


def _values(body: bytes) -> NDArray[np.int32]:
    *_, coding, channels, count = _HEAD.unpack_from(body)
    base, step = WIDTHS[coding]
    samples: list[Any] = []
    at = _HEAD.size
    for _ in range(count):
        width = step if step and samples else base
        sample = []
        for channel in range(channels):
            value = _number(body, at, width)
            sample.append(value + samples[-1][channel] if step and samples else value)
            at += width
        samples.append(sample)
    return np.array(samples, np.int32).T


def _number(body: bytes, at: int, width: int) -> int:
    if width == 3:
        found: int = struct.unpack("<i", body[at : at + 3] + (b"\xff" if body[at + 2] & 0x80 else b"\0"))[0]
        return found
    value: int = _NUMBER[width].unpack_from(body, at)[0]
    return value
