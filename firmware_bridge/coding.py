"""The numbers of a samples frame: packed in 16 or 24 bits, or as differences."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.errors import FrameError
from firmware_bridge.frames import MAX_PAYLOAD, Coding, Samples

MISSING: Final = -(1 << 31)  # in decoded values; on the wire the most negative number of the width
HEAD: Final = 7  # index, coding, channels and count before the data
MAX_COUNT: Final = 255
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
    base, difference = WIDTHS[coding]
    return channels * (base + (count - 1) * (difference or base))


def room_for(coding: Coding, channels: int) -> int:
    """Samples of each channel that fit one frame."""
    base, difference = WIDTHS[coding]
    return min(1 + ((MAX_PAYLOAD - HEAD) // channels - base) // (difference or base), MAX_COUNT)


def values_of(frame: Samples) -> NDArray[np.int32]:
    """(channels, count) int32, `MISSING` where a sample is missing; FrameError where a difference overflows."""
    base, difference = WIDTHS[frame.coding]
    if len(frame.data) != data_length(frame.coding, frame.channels, frame.count):
        raise FrameError(f"{len(frame.data)} bytes of data for {frame.count} samples of {frame.channels} channels")
    if not difference:
        values = _numbers(frame.data, base)
        values[values == _lowest(base)] = MISSING
        return values.reshape(frame.count, frame.channels).T
    values = np.empty((frame.count, frame.channels), np.int32)
    values[0] = _numbers(frame.data[: base * frame.channels], base)
    values[1:] = _numbers(frame.data[base * frame.channels :], difference).reshape(-1, frame.channels)
    values = values.cumsum(axis=0, dtype=np.int32)
    if values.min() <= _lowest(base) or values.max() > -_lowest(base) - 1:
        raise FrameError(f"a difference leaves the {base * 8} bits of its sample")
    return values.T


def data_of(values: NDArray[np.int32], coding: Coding) -> bytes:
    """The data of values (channels, count); FrameError where one does not fit the coding."""
    base, difference = WIDTHS[coding]
    lowest = _lowest(base)
    missing = values == MISSING
    if ((np.abs(values.astype(np.int64)) > -lowest - 1) & ~missing).any():
        raise FrameError(
            f"values from {values.min()} to {values.max()}: more than the {base * 8} bits of {coding.name}"
        )
    if not difference:
        return _packed(np.where(missing, lowest, values).T, base)
    if missing.any():
        raise FrameError(f"missing samples: only packed codings can tell of them, not {coding.name}")
    steps = np.diff(values.T, axis=0)
    if steps.size and (steps.min() < _lowest(difference) or steps.max() > -_lowest(difference) - 1):
        raise FrameError(
            f"differences from {steps.min()} to {steps.max()}: more than the {difference * 8} bits of {coding.name}"
        )
    return _packed(values[:, 0], base) + _packed(steps, difference)


def smallest_coding(values: NDArray[np.int32], width: int, *, delta: bool = True) -> Coding:
    """The coding of `width` bytes per sample that takes the fewest bytes for values (channels, count)."""
    packed = Coding.PACKED16 if width == 2 else Coding.PACKED24
    if not delta or values.shape[1] < 2 or (values == MISSING).any():
        return packed
    largest = np.diff(values, axis=1)
    for coding, (base, difference) in WIDTHS.items():
        if (
            base == width
            and difference
            and _lowest(difference) <= largest.min()
            and largest.max() < -_lowest(difference)
        ):
            return coding
    return packed


def _lowest(width: int) -> int:
    return -(1 << (8 * width - 1))


def _numbers(data: bytes, width: int) -> NDArray[np.int32]:
    if width == 3:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4").ravel() >> 8
    return np.frombuffer(data, f"<i{width}").astype(np.int32)


def _packed(numbers: NDArray[np.int32], width: int) -> bytes:
    if width == 3:
        return np.ascontiguousarray(numbers, "<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return numbers.astype(f"<i{width}").tobytes()
