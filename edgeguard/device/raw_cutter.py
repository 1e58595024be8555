"""Windows of a raw signal that must be conditioned first, each with the reason why it must not be judged."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.history import History
from edgeguard.device.silence import LATE_S, SILENCE_S, BeatsOrSilence
from edgeguard.device.windows import WindowCutter
from edgeguard.signals.conditioning import Conditioner
from edgeguard.signals.quality import LARGEST, NO_BEAT, NOT_FINITE, context_s, flaw
from edgeguard.signals.spec import SignalSpec

Signal = NDArray[np.float32]
Cut = tuple[int, Signal, str | None]

_AT_ONCE: Final = 1024  # raw samples; a longer chunk is taken in parts, so that little must be looked back at


class RawCutter:
    """Raw samples without gaps through conditioning and cutter; quality is looked at before they are changed.

    Where windows lie around beats and there is none for 10 seconds, a rejected window of zeros says why.

    Args:
        signal: With a `rate_hz`.
        rate_hz: Of the raw samples; SourceError where they cannot be resampled.
    """

    def __init__(self, signal: SignalSpec, rate_hz: float) -> None:
        self._shape = signal.shape
        self._quality = signal.quality
        self._rate_hz = rate_hz
        self._conditioner = Conditioner(signal, rate_hz)
        self._cutter = _cutter(signal)
        up, down = self._conditioner.ratio
        self._window = -(-signal.window * down // up)
        self._silence = math.ceil(SILENCE_S * rate_hz)
        self._context = math.ceil(context_s(signal.quality) * rate_hz) if signal.quality else 0
        late = self._silence + math.ceil(LATE_S * rate_hz) if signal.beats else 0
        self._kept = self._window + self._context + self._conditioner.reach + late + _AT_ONCE
        self._history = History(len(signal.channels), self._kept, _AT_ONCE)
        self._fed = 0

    def feed(self, raw: Signal) -> list[Cut]:
        """Start in raw samples fed so far, values (channels, window), and why it is rejected, of every window."""
        found: list[Cut] = []
        for at in range(0, raw.shape[1], _AT_ONCE):
            part = raw[:, at : at + _AT_ONCE]
            self._fed += part.shape[1]
            if self._quality is not None:
                self._history.append(part)
            found += [self._judged(*cut) for cut in self._cutter.feed(self._conditioner.feed(part))]
            self._conditioner.forget(self._fed - self._kept)
        return found

    def _judged(self, start: int, values: Signal | None) -> Cut:
        first = self._conditioner.ratio.source_index(start)
        if values is not None:
            return first, values, self._flaw(first, self._window)
        return first, np.zeros(self._shape, dtype=np.float32), self._flaw(first, self._silence) or NO_BEAT

    def _flaw(self, start: int, length: int) -> str | None:
        """Why the raw samples from `start` on are no good, or None; short ones are seen with what came before."""
        end = start + length
        unfit = self._conditioner.why_unfit(start, end)
        if unfit == NOT_FINITE or self._quality is None:
            return unfit
        raw = self._history.between(min(start, end - self._context), end)
        reason = flaw(raw, self._rate_hz, self._quality)
        if reason == NOT_FINITE:  # in what came before, which is no reason to reject this window
            raw = raw[:, (np.abs(raw) < LARGEST).all(axis=0)]
            reason = flaw(raw, self._rate_hz, self._quality)
        return reason or unfit  # what an operator can mend comes before what passes by itself


def _cutter(signal: SignalSpec) -> WindowCutter | BeatsOrSilence:
    if signal.beats is None or signal.rate_hz is None:
        return WindowCutter(signal)
    from edgeguard.signals.beats import BeatCutter  # noqa: PLC0415 (a model without beats needs no detector)

    return BeatsOrSilence(BeatCutter(signal), signal.window, signal.rate_hz)
