"""A run of samples as frames: cut where fewest frames come of it, and packed all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.coding import (
    MAX_COUNT,
    MISSING,
    PLAIN,
    WIDTHS,
    as_sent,
    data_length,
    deltas,
    highest,
    packed,
    room_for,
)
from firmware_bridge.frames import VERSION, Coding, Samples
from firmware_bridge.wire import framed

_HEAD: Final = [
    ("version", "u1"),
    ("type", "u1"),
    ("boot", "<u2"),
    ("sequence", "<u2"),
    ("clock", "<u4"),
    ("index", "<u4"),
    ("coding", "u1"),
    ("channels", "u1"),
    ("count", "u1"),
]


@dataclass(frozen=True)
class Origin:
    """What the header of a run's first frame bears, and how the others follow from it.

    Attributes:
        boot: Of the wearable.
        sequence: Of the first frame.
        index: Of the first sample.
        clock_us: When it was taken, unfolded or not.
        sample_us: From one sample to the next.
    """

    boot: int
    sequence: int
    index: int
    clock_us: float
    sample_us: float


class Cut(NamedTuple):
    """Samples of one frame, `stop` exclusive."""

    start: int
    stop: int
    coding: Coding


def encode_stream(
    values: NDArray[np.int32], width: int, origin: Origin, *, delta: bool = True, longest: int = MAX_COUNT
) -> list[bytes]:
    """The samples frames of values (channels, n), `MISSING` ones included, of `width` bytes per sample.

    Sequence and index come round by themselves: the next run begins at ``sequence + len(frames)`` and ``index + n``.

    Args:
        values: (channels, n) int32.
        width: 2 or 3.
        origin: Of the first frame.
        delta: Whether the wearable sends differences where they fit.
        longest: Samples in a frame at most: fewer than fit keep the delay short.

    Raises:
        FrameError: A value does not fit `width` bytes.
    """
    numbers = as_sent(values, width)
    found = cuts(values, width, delta=delta, longest=longest)
    frames: list[bytes] = [b""] * len(found)
    alike: dict[tuple[Coding, int], list[int]] = {}
    for place, cut in enumerate(found):
        alike.setdefault((cut.coding, cut.stop - cut.start), []).append(place)
    for (coding, count), places in alike.items():
        starts = np.array([found[place].start for place in places])
        bodies = _bodies(numbers, coding, count, starts, np.array(places), origin)
        for place, body in zip(places, bodies, strict=True):
            frames[place] = framed(body)
    return frames


def cuts(values: NDArray[np.int32], width: int, *, delta: bool = True, longest: int = MAX_COUNT) -> list[Cut]:
    """Where to cut values (channels, n): each frame takes as many samples as any coding has room for."""
    if longest < 1:
        raise ValueError(f"longest is {longest}: a frame has a sample at least")
    channels, n = values.shape
    plain = PLAIN[width]
    room = min(room_for(plain, channels), longest)
    runs = [
        (coding, min(room_for(coding, channels), longest), _ends(values, step))
        for coding, step in deltas(width)
        if delta
    ]
    found: list[Cut] = []
    at = 0
    while at < n:
        best = Cut(at, min(at + room, n), plain)
        for coding, fit, ends in runs:
            stop = min(at + fit, ends[at])
            if stop > best.stop or (stop == best.stop > at + 1 and best.coding is plain):
                best = Cut(at, stop, coding)
        found.append(best)
        at = best.stop
    return found


def _ends(values: NDArray[np.int32], step: int) -> list[int]:
    """For each sample, the one up to which differences of `step` bytes lead from it on, exclusive."""
    n = values.shape[1]
    steps = np.diff(values, axis=1)
    missing = (values == MISSING).any(axis=0)
    bad = (steps < -highest(step) - 1).any(axis=0) | (steps > highest(step)).any(axis=0) | missing[1:] | missing[:-1]
    ends = np.append(np.flatnonzero(bad) + 1, n)
    until: list[int] = ends[np.searchsorted(ends, np.arange(n), side="right")].tolist()
    return until


def _bodies(
    numbers: NDArray[np.int32],
    coding: Coding,
    count: int,
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    origin: Origin,
) -> list[bytes]:
    """Bodies without their CRC of frames that are alike in coding and count."""
    channels = len(numbers)
    length = data_length(coding, channels, count)
    rows = np.empty(len(starts), np.dtype([*_HEAD, ("data", "u1", length)]))
    rows["version"], rows["type"], rows["boot"] = VERSION, Samples.TYPE, origin.boot
    rows["sequence"] = (origin.sequence + places) & 0xFFFF
    rows["clock"] = np.rint(origin.clock_us + starts * origin.sample_us).astype(np.int64) & 0xFFFFFFFF
    rows["index"] = (origin.index + starts) & 0xFFFFFFFF
    rows["coding"], rows["channels"], rows["count"] = coding, channels, count
    rows["data"] = _data(numbers, coding, starts[:, None] + np.arange(count))
    sent = rows.tobytes()
    return [sent[at : at + rows.itemsize] for at in range(0, len(sent), rows.itemsize)]


def _data(numbers: NDArray[np.int32], coding: Coding, taken: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The data (frames, bytes) of samples `taken` (frames, count)."""
    base, step = WIDTHS[coding]
    picked = numbers.T[taken]  # frames, count, channels
    if not step:
        return packed(picked.reshape(len(taken), -1), base)
    steps = np.diff(picked, axis=1).reshape(len(taken), -1)
    return np.concatenate([packed(picked[:, 0], base), packed(steps, step)], axis=1)
