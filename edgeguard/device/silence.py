"""Windows around beats, and word of it when there are no beats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]

SILENCE_S: Final = 10.0
LATE_S: Final = 5.0  # a beat is found this long after the end of its window at the latest


class Beats(Protocol):
    """`edgeguard.signals.beats.BeatCutter`."""

    def feed(self, values: Signal) -> list[tuple[int, Signal]]:
        """Start, counted in samples fed so far, and values (channels, window) of each beat found."""
        ...


class BeatsOrSilence:
    """The windows that `beats` cuts; where there is none for 10 seconds, a start without a window.

    Args:
        beats: Finds and cuts them.
        window: Its samples per window.
        rate_hz: Samples per second.
    """

    def __init__(self, beats: Beats, window: int, rate_hz: float) -> None:
        self._beats = beats
        self._window = window
        self._silence = round(SILENCE_S * rate_hz)
        self._late = window + round(LATE_S * rate_hz)
        self._fed = 0
        self._quiet = 0  # where the last window, or the last silence told, has ended

    def feed(self, values: Signal) -> list[tuple[int, Signal | None]]:
        """Start, in samples fed so far, and values of what is known now, in order of time."""
        self._fed += values.shape[1]
        return list(self._told(self._beats.feed(values)))

    def _told(self, beats: list[tuple[int, Signal]]) -> Iterator[tuple[int, Signal | None]]:
        for start, values in beats:
            yield from self._silences(start)
            yield start, values
            self._quiet = start + self._window
        yield from self._silences(self._fed - self._late)

    def _silences(self, before: int) -> Iterator[tuple[int, None]]:
        while self._quiet + self._silence <= before:
            yield self._quiet, None
            self._quiet += self._silence
