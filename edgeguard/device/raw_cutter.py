"""Windows of a raw signal that must be conditioned first, each with the reason why it must not be judged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.history import History
from edgeguard.device.windows import WindowCutter
from edgeguard.signals.conditioning import Conditioner
from edgeguard.signals.quality import LARGEST, NO_BEAT, NOT_FINITE, context_s, flaw
from edgeguard.signals.spec import SignalSpec

Signal = NDArray[np.float32]
Cut = tuple[int, Signal, str | None]

_AT_ONCE: Final = 1024  # raw samples; a longer chunk is taken in parts, so that little must be looked back at
_LATE_S: Final = 10.0  # a beat is found this much after its window at the latest
_SILENCE_S: Final = 10.0  # without a beat there are no windows: one that says so comes instead


class Cutter(Protocol):
    """Cuts windows at a hop, or around beats."""

    def feed(self, values: Signal) -> list[tuple[int, Signal]]:
        """Start, counted in samples fed so far, and values (channels, window) of every window that is complete."""
        ...


class RawCutter:
    """Raw samples without gaps through conditioning and cutter; quality is looked at before they are changed.

    Where windows lie around beats and there is none for 10 seconds, a rejected window of zeros says why.

    Args:
        signal: With a `rate_hz`.
        rate_hz: Of the raw samples; SourceError where they cannot be resampled.
    """

    def __init__(self, signal: SignalSpec, rate_hz: float) -> None:
        self._signal = signal
        self._rate_hz = rate_hz
        self._conditioner = Conditioner(signal, rate_hz)
        self._cutter = _cutter_of(signal)
        up, down = self._conditioner.ratio
        self._window = -(-signal.window * down // up)
        self._silence = round(_SILENCE_S * rate_hz * up / down) if signal.beats else None
        self._late = signal.window + round(_LATE_S * rate_hz * up / down)
        self._fed = self._made = self._last = (
            0  # raw samples; conditioned ones, and where the last window began in them
        )
        self._context = math.ceil(context_s(signal.quality) * rate_hz) if signal.quality else 0
        waiting = math.ceil((_LATE_S + _SILENCE_S) * rate_hz) if signal.beats else 0
        self._kept = self._window + self._context + self._conditioner.reach + waiting + _AT_ONCE
        self._history = History(len(signal.channels), self._kept, _AT_ONCE)

    def feed(self, raw: Signal) -> list[Cut]:
        """Start in raw samples fed so far, values (channels, window), and why it is rejected, of every window."""
        return [
            window for at in range(0, raw.shape[1], _AT_ONCE) for window in self._feed_part(raw[:, at : at + _AT_ONCE])
        ]

    def _feed_part(self, raw: Signal) -> list[Cut]:
        if self._signal.quality is not None:
            self._history.append(raw)
        self._fed += raw.shape[1]
        conditioned = self._conditioner.feed(raw)
        self._made += conditioned.shape[1]
        cut = self._cutter.feed(conditioned)
        found = [
            self._judged(start, values)
            for start, values in (cut if self._silence is None else self._with_silences(cut, self._silence))
        ]
        self._conditioner.forget(self._fed - self._kept)
        return found

    def _with_silences(self, cut: list[tuple[int, Signal]], silence: int) -> Iterator[tuple[int, Signal | None]]:
        """The windows `cut`, and None for each full `silence` before them and up to where no beat can come any more."""
        for start, values in [*cut, (self._made - self._late, None)]:
            while self._last + silence <= start:
                yield self._last, None
                self._last += silence
            if values is not None:
                yield start, values
                self._last = start

    def _judged(self, start: int, values: Signal | None) -> Cut:
        first = self._conditioner.ratio.source_index(start)
        if values is None:
            reason = self._flaw(first, math.ceil(_SILENCE_S * self._rate_hz)) or NO_BEAT
            return first, np.zeros(self._signal.shape, dtype=np.float32), reason
        return first, values, self._flaw(first, self._window)

    def _flaw(self, start: int, length: int) -> str | None:
        """Why the raw samples from `start` on are no good, or None; short ones are seen with what came before."""
        if (reason := self._conditioner.why_unfit(start, start + length)) or self._signal.quality is None:
            return reason
        raw = self._history.between(min(start, start + length - self._context), start + length)
        reason = flaw(raw, self._rate_hz, self._signal.quality)
        if reason == NOT_FINITE:  # before the window, where it is no reason to reject this one
            raw = raw[:, (np.abs(raw) < LARGEST).all(axis=0)]
            reason = flaw(raw, self._rate_hz, self._signal.quality)
        return reason


def _cutter_of(signal: SignalSpec) -> Cutter:
    if signal.beats is None:
        return WindowCutter(signal)
    from edgeguard.signals.beats import BeatCutter  # noqa: PLC0415 (most models need no R peaks)

    cutter: Cutter = BeatCutter(signal)
    return cutter
