"""Physical values to whole numbers, and numbers to the data of frames. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.coding import MISSING, WIDTHS, data_of, room_for, smallest_coding
from firmware_bridge.frames import Coding, Hello

LATENCY_S: Final = 0.1  # how long the first sample of a frame may wait for the last


@dataclass(frozen=True)
class Piece:
    """What one frame holds: `count` samples of each channel."""

    coding: Coding
    count: int
    data: bytes


def numbers_of(values: NDArray[np.float32], hello: Hello) -> NDArray[np.int32]:
    """Steps of each channel's resolution, (channels, n); `MISSING` for NaN; what the width cannot hold is clipped."""
    resolutions = np.array([[channel.resolution] for channel in hello.channels], dtype=np.float32)
    largest = (1 << (8 * hello.width - 1)) - 1
    steps = np.clip(np.rint(values / resolutions.astype(np.float64)), -largest, largest)
    return np.where(np.isnan(steps), MISSING, steps).astype(np.int32)


def first_piece(values: NDArray[np.int32], width: int, *, delta: bool) -> Piece:
    """As many of the first samples of values (channels, n) as fit one frame, in as few bytes as they can."""
    channels = len(values)
    for room in sorted({room_for(coding, channels) for coding in _codings(width, delta=delta)}, reverse=True):
        head = values[:, :room]
        coding = smallest_coding(head, width, delta=delta)
        if head.shape[1] <= room_for(coding, channels):
            break
    return Piece(coding, head.shape[1], data_of(head, coding))


def samples_per_frame(hello: Hello, *, delta: bool) -> int:
    """As many as fit a frame at best, and no more than come in `LATENCY_S`."""
    room = max(room_for(coding, len(hello.channels)) for coding in _codings(hello.width, delta=delta))
    return max(1, min(room, int(LATENCY_S * hello.rate_hz)))


def _codings(width: int, *, delta: bool) -> list[Coding]:
    return [coding for coding, (base, step) in WIDTHS.items() if base == width and (delta or not step)]
