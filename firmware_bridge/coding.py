"""The numbers of a samples frame: packed in 16 or 24 bits, or as differences."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.errors import FrameError
from firmware_bridge.frames import HEADER, MAX_PAYLOAD, Coding, Samples

MISSING: Final = -(1 << 31)  # in decoded values; on the wire the most negative number of the width
HEAD: Final = 7  # index, coding, channels and count before the data
# base width in bytes, width of a difference or 0
WIDTHS: Final = {
    Coding.PACKED16: (2, 0),
    Coding.PACKED24: (3, 0),
    Coding.DELTA8_OF_16: (2, 1),
    Coding.DELTA8_OF_24: (3, 1),
    Coding.DELTA16_OF_24: (3, 2),
}


def data_length(coding: Coding, channels: int, count: int) -> int:
    """Bytes of `count` samples of each of `channels` channels."""
    raise NotImplementedError


def room_for(coding: Coding, channels: int) -> int:
    """Samples of each channel that fit one frame."""
    raise NotImplementedError


def values_of(frame: Samples) -> NDArray[np.int32]:
    """(channels, count) int32, `MISSING` where a sample is missing; FrameError where a difference overflows."""
    raise NotImplementedError


def data_of(values: NDArray[np.int32], coding: Coding) -> bytes:
    """The data of values (channels, count); FrameError where one does not fit the coding."""
    raise NotImplementedError


def smallest_coding(values: NDArray[np.int32], width: int, *, delta: bool = True) -> Coding:
    """The coding of `width` bytes per sample that takes the fewest bytes for values (channels, count)."""
    raise NotImplementedError
