"""The numbers of a samples frame: packed in 16 or 24 bits, or as differences."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.errors import FrameError
from firmware_bridge.frames import MAX_CHANNELS, MAX_PAYLOAD, Coding, Samples

MISSING: Final = -(1 << 31)  # in decoded values; on the wire the most negative number of the width
HEAD: Final = 7  # index, coding, channels and count before the data
MAX_COUNT: Final = 255
PLAIN: Final = {2: Coding.PACKED16, 3: Coding.PACKED24}  # by bytes of a number
# by coding: bytes of a number, and of a difference or 0
WIDTHS: Final = ((2, 0), (3, 0), (2, 1), (3, 1), (3, 2))
_INT: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("<i1"), 2: np.dtype("<i2"), 3: np.dtype("<i4")}
_FLIPPED: Final = bytes(top ^ 0x80 for top in range(256))  # uppermost bytes in the order of their numbers
_MISSING: Final = {2: b"\0\x80", 3: b"\0\0\x80"}


def highest(width: int) -> int:
    """The greatest number of `width` bytes; its negative is the smallest that is not missing."""
    return (1 << (8 * width - 1)) - 1


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
    if difference:
        return _summed(frame.data, base, difference, frame.channels, checked=frame.checked)
    values = _numbers(frame.data, base).reshape(-1, frame.channels).T
    if _MISSING[base] in frame.data:
        values[values < -highest(base)] = MISSING
    return values


def data_of(values: NDArray[np.int32], coding: Coding) -> bytes:
    """The data of values (channels, count); FrameError where one does not fit the coding."""
    base, difference = WIDTHS[coding]
    numbers = as_sent(values, base)
    if not difference:
        return packed(numbers.T, base).tobytes()
    if (values == MISSING).any():
        raise FrameError(f"a sample is missing: only packed frames tell of it, not {coding.name}")
    steps = np.diff(values, axis=1)
    if not _fits(steps, difference):
        raise FrameError(f"differences of {steps.min()} to {steps.max()} do not fit {coding.name}")
    return packed(values[:, 0], base).tobytes() + packed(steps.T, difference).tobytes()


def smallest_coding(values: NDArray[np.int32], width: int, *, delta: bool = True) -> Coding:
    """The coding of `width` bytes per sample that takes the fewest bytes for values (channels, count)."""
    plain = PLAIN[width]
    if not delta or values.shape[1] == 1 or (values == MISSING).any():
        return plain
    steps = np.diff(values, axis=1)
    return next((coding for coding, step in deltas(width) if _fits(steps, step)), plain)


def deltas(width: int) -> list[tuple[Coding, int]]:
    """The delta codings of numbers of `width` bytes, with the bytes of a difference, fewest first."""
    return [(coding, WIDTHS[coding][1]) for coding in Coding if WIDTHS[coding][0] == width and WIDTHS[coding][1]]


def check_data(coding: Coding, channels: int, count: int, data: bytes) -> None:
    """FrameError unless `data` are as long as the others say, and no difference overflows."""
    base, difference = WIDTHS[coding]
    if not 1 <= channels <= MAX_CHANNELS or not count:
        raise FrameError(f"{count} samples of {channels} channels: 1 or more of 1 to {MAX_CHANNELS} are possible")
    if len(data) != channels * (base + (count - 1) * (difference or base)):  # as `data_length`, without its call
        length = data_length(coding, channels, count)
        raise FrameError(f"{count} samples of {channels} channels in {len(data)} bytes: {coding.name} takes {length}")
    if difference and _near_an_end(data[: base * channels], base, (count - 1) << (8 * difference - 1)):
        _summed(data, base, difference, channels)


def as_sent(values: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    """`values` with the wire's number for missing ones; FrameError where one has no room in `width` bytes."""
    missing = values == MISSING
    if ((values > highest(width)) | (values < -highest(width)) & ~missing).any():
        raise FrameError(f"values of {values.min()} to {values.max()} do not fit {width} bytes")
    return np.where(missing, np.int32(-highest(width) - 1), values)


def packed(numbers: NDArray[np.int32], width: int) -> NDArray[np.uint8]:
    """The bytes of numbers (..., n): (..., n * width)."""
    whole = np.ascontiguousarray(numbers, _INT[width])
    pieces: NDArray[np.uint8] = whole.view(np.uint8).reshape(*numbers.shape, whole.itemsize)[..., :width]
    return pieces.reshape(*numbers.shape[:-1], numbers.shape[-1] * width)


def _numbers(data: bytes, width: int) -> NDArray[np.int32]:
    """(n,) numbers that stand one behind the other."""
    if width < 3:
        return np.frombuffer(data, _INT[width]).astype(np.int32)
    # each number with the byte before it, which the shift pushes out
    numbers: NDArray[np.int32] = np.ndarray((len(data) // 3,), _INT[3], b"\0" + data, 0, (3,)) >> 8
    return numbers


def _near_an_end(first: bytes, width: int, reach: int) -> bool:
    """Whether differences that add up to `reach` may lead one of the `first` numbers out of its range.

    Looks at the uppermost bytes alone: a reader asks this of each delta frame.
    """
    tops = first[width - 1 :: width].translate(_FLIPPED)
    margin = (reach >> 8 * (width - 1)) + 1
    return min(tops) < margin or max(tops) > 0xFF - margin


def _fits(steps: NDArray[np.int32], width: int) -> bool:
    return not steps.size or bool(steps.min() >= -highest(width) - 1 and steps.max() <= highest(width))


def _summed(data: bytes, base: int, difference: int, channels: int, *, checked: bool = False) -> NDArray[np.int32]:
    first, steps = data[: channels * base], data[channels * base :]
    more = len(steps) // (channels * difference)
    values = np.empty((channels, 1 + more), np.int32)
    values[:, 0] = _numbers(first, base)
    values[:, 1:] = np.frombuffer(steps, _INT[difference]).reshape(more, channels).T
    np.add.accumulate(values, 1, None, values)
    if not checked and _near_an_end(first, base, more << (8 * difference - 1)):
        _check_sums(values, base)
    return values


def _check_sums(values: NDArray[np.int32], width: int) -> None:
    if values.min() < -highest(width) or values.max() > highest(width):
        raise FrameError(f"differences lead from {values.min()} to {values.max()}: more than {width} bytes hold")
