"""A recording in memory, and whether it is what a model takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.sources.channels import channel_rows, scales
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
        gaps: Whether stretches without any value are gaps of a signal that was recorded piece by piece.
    """

    values: NDArray[np.float32]
    channels: tuple[str, ...] | None = None
    rate_hz: float | None = None
    units: tuple[str, ...] | None = None
    window: int | None = None
    gaps: bool = False


def pieces(values: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Begin and end of each stretch of (channels, n) that holds any value."""
    there = np.isfinite(values).any(axis=0)
    edges = np.flatnonzero(np.diff(there, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def matched(recording: Recording, signal: SignalSpec, wanted: Sequence[str], origin: str) -> NDArray[np.float32]:
    """The channels of `recording` that `signal` takes, in its unit, (channels, n); SourceError where they do not fit.

    Args:
        recording: Read from `origin`.
        signal: What the model takes.
        wanted: Names or numbers of the recording's channels in the model's order; empty to take them by name, or
            as they are where the file names none.
        origin: Path, for messages.
    """
    rows = channel_rows(recording.channels or (), len(recording.values), signal, wanted, origin)
    if recording.rate_hz is not None and signal.rate_hz is None:
        raise SourceError(
            f"{origin} has {recording.rate_hz:g} Hz, but the model takes windows without a rate: cut it into windows"
        )
    if recording.window not in (None, signal.window):
        raise SourceError(
            f"{origin} holds windows of {recording.window} samples, but the model takes {signal.window}: cut it anew"
        )
    wanted_n = signal.window
    if recording.rate_hz is not None and signal.rate_hz is not None:
        wanted_n = round(signal.window * recording.rate_hz / signal.rate_hz)
    if (n := recording.values.shape[1]) < wanted_n:
        raise SourceError(f"{origin} holds {n} samples, less than one window of {wanted_n}: get the whole file")
    values = recording.values[rows]
    if recording.units is not None:
        values = values * scales(recording.units, rows, signal.units, origin, recording.channels or ())
    return values
