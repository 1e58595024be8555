"""A recording in memory, and whether it is what a model takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec


@dataclass(frozen=True)
class Recording:
    """A recorded signal; None where the file does not say.

    Attributes:
        values: (channels, n) float32; NaN where samples are missing.
        channels: A name per channel.
        rate_hz: Samples per second.
        units: A unit per channel.
        window: Length of the windows that were laid end to end.
    """

    values: NDArray[np.float32]
    channels: tuple[str, ...] | None = None
    rate_hz: float | None = None
    units: tuple[str, ...] | None = None
    window: int | None = None


def matched(recording: Recording, signal: SignalSpec, wanted: Sequence[str], origin: str) -> NDArray[np.float32]:
    """The channels of `recording` that `signal` takes, (channels, n); SourceError where they do not fit.

    Args:
        recording: Read from `origin`.
        signal: What the model takes.
        wanted: Names or numbers of the recording's channels in the model's order; empty to take them by name, or
            as they are where the file names none.
        origin: Path, for messages.
    """
    rows = _rows(recording, signal, wanted, origin)
    if recording.rate_hz is not None and recording.rate_hz != signal.rate_hz:
        takes = "windows without a rate" if signal.rate_hz is None else f"{signal.rate_hz:g} Hz"
        raise SourceError(f"{origin} has {recording.rate_hz:g} Hz, but the model takes {takes}: resample it first")
    for row, unit in enumerate(recording.units or ()):
        if row in rows and unit != signal.units:
            raise SourceError(
                f"{origin}: channel {row} is in {unit!r}, not in the model's {signal.units!r}: convert it"
            )
    if recording.window not in (None, signal.window):
        raise SourceError(
            f"{origin} holds windows of {recording.window} samples, but the model takes {signal.window}: cut it anew"
        )
    if (n := recording.values.shape[1]) < signal.window:
        raise SourceError(f"{origin} holds {n} samples, less than one window of {signal.window}: get the whole file")
    return recording.values[rows]


def _rows(recording: Recording, signal: SignalSpec, wanted: Sequence[str], origin: str) -> list[int]:
    count = len(recording.values)
    known = recording.channels or ()
    if not wanted and not known:
        wanted = [str(number) for number in range(count)]
    wanted = wanted or signal.channels
    there = ", ".join(known) or f"{count} without names"
    rows = [known.index(name) if name in known else _number(name, count) for name in wanted]
    if None in rows:
        raise SourceError(
            f"{origin} has no channel {wanted[rows.index(None)]!r} (there are: {there}): "
            "name one for each of the model's with ,channels=A+B"
        )
    if len(rows) != len(signal.channels):
        raise SourceError(
            f"{origin} gives {len(rows)} channels ({there}), but the model takes {len(signal.channels)} "
            f"({', '.join(signal.channels)}): choose with ,channels=A+B"
        )
    return [row for row in rows if row is not None]


def _number(name: str, count: int) -> int | None:
    return int(name) if name.isdecimal() and int(name) < count else None
