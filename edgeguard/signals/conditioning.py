"""From the raw signal to the one that windows are cut from: unusable samples bridged, resampled, filtered."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.filters import StreamingFilter
from edgeguard.signals.quality import LARGEST, NOT_FINITE, SETTLING
from edgeguard.signals.resampling import Resampler
from edgeguard.signals.spec import SignalSpec

Signal = NDArray[np.float32]
Flags = NDArray[np.bool_]

_BRIDGED_S: Final = 0.02  # what is held for longer is not the signal: behind it everything begins anew


class Unfit(NamedTuple):
    """The conditioned signal is not to be trusted from raw sample `start` up to `end`."""

    start: int
    end: int
    reason: str


class Conditioner:
    """A stream of raw samples through resampler and filters, in chunks of any size.

    A sample that is not finite, or at or beyond `quality.saturation`, is replaced by the last one that was neither.
    Where that lasts longer than 20 ms, resampler and filters begin anew behind it.

    Args:
        signal: With a `rate_hz`.
        rate_hz: Of the raw samples; SourceError where they cannot be resampled.

    Attributes:
        ratio: From raw indexes to those of the output and back.
        unfit: What windows must not lie on, in raw samples counted from the first one fed. Grows until it is told to
            `forget`.
    """

    def __init__(self, signal: SignalSpec, rate_hz: float) -> None:
        if signal.rate_hz is None:
            raise ValueError("a signal without a rate cannot be conditioned")
        channels = len(signal.channels)
        self._resampler = Resampler(rate_hz, signal.rate_hz, channels)
        self._filter = StreamingFilter(signal.filters, signal.rate_hz, channels)
        self._settle = self._resampler.reach + math.ceil(self._filter.settle_s * rate_hz)
        self.ratio = self._resampler.ratio
        self.unfit: list[Unfit] = []
        saturation = signal.quality.saturation if signal.quality and self._settle else None
        self._limit = min(saturation or LARGEST, LARGEST)
        self._bridged = int(_BRIDGED_S * rate_hz)
        self._missed = self._bridged + 1  # unusable samples in a row until now; nothing usable came before the first
        self._usable = np.zeros((channels, 1), dtype=np.float32)  # the last one of each channel
        self._fed = 0

    @property
    def reach(self) -> int:
        """How many raw samples later than its own moment an output comes."""
        return self._resampler.reach

    def feed(self, values: Signal) -> Signal:
        """The conditioned signal (channels, m) that the raw samples (channels, n) complete, float32."""
        if not values.shape[1]:
            return np.empty(values.shape, dtype=np.float32)
        if not self._missed and values.max() < self._limit and values.min() > -self._limit:
            self._usable = values[:, -1:]
            conditioned = self._pass(values)
        else:
            conditioned = self._bridge(values)
        self._fed += values.shape[1]
        return conditioned

    def why_unfit(self, start: int, end: int) -> str | None:
        """Why a window on the raw samples from `start` up to `end` must not be judged, or None."""
        found = {one.reason for one in self.unfit if one.start < end and start < one.end}
        return next((reason for reason in (NOT_FINITE, SETTLING) if reason in found), None)

    def forget(self, before: int) -> None:
        """Drop what is unfit before raw sample `before` only."""
        if self.unfit and self.unfit[0].end <= before:
            self.unfit = [one for one in self.unfit if one.end > before]

    def _pass(self, values: Signal) -> Signal:
        return self._filter.feed(self._resampler.feed(values))

    def _bridge(self, values: Signal) -> Signal:
        size = np.abs(values)
        usable = np.asarray(size < self._limit)
        for start, end in _runs(np.asarray(~(size < LARGEST).all(axis=0))):
            self._note(start, end, NOT_FINITE)
        held = _held(values, usable, self._usable)
        self._usable = held[:, -1:]
        pieces, done = [], 0
        for back in self._long_runs_end(np.asarray(~usable.all(axis=0))):
            pieces.append(self._pass(held[:, done:back]))
            self._resampler.restart()
            self._filter.restart()
            self._note(back - self.reach, back + self._settle, SETTLING)
            done = back
        return np.concatenate([*pieces, self._pass(held[:, done:])], axis=1)

    def _long_runs_end(self, unusable: Flags) -> list[int]:
        """The samples of this chunk that are usable again after more were not than can be bridged."""
        missed, self._missed, ends = self._missed, 0, []
        for start, end in _runs(np.append(missed > 0, unusable)):
            length = end - start if start else missed + end - 1
            if end > len(unusable):
                self._missed = length
            elif length > self._bridged:
                ends.append(end - 1)
        return ends

    def _note(self, start: int, end: int, reason: str) -> None:
        """Add what is unfit, in samples of this chunk; what continues the one before makes that longer."""
        start, end = self._fed + start, self._fed + end
        if self.unfit and self.unfit[-1].end == start and self.unfit[-1].reason == reason:
            start = self.unfit.pop().start
        if start < end:
            self.unfit.append(Unfit(start, end, reason))


def conditioned(values: Signal, rate_hz: float, signal: SignalSpec) -> Signal:
    """A whole record (channels, n) at `rate_hz` as a stream of it would be conditioned: (channels, m) at the model's.

    Sample k of it lies at `rate_ratio(rate_hz, signal.rate_hz).source_index(k)` of the record. After its end the
    record is taken to stand still, as it is before its beginning.

    SourceError where the rates have no usable ratio.
    """
    conditioner = Conditioner(signal, rate_hz)
    after = np.repeat(values[:, -1:], conditioner.reach, axis=1)
    return np.concatenate([conditioner.feed(values), conditioner.feed(after)], axis=1)


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """Start and end of each run of True."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _held(values: Signal, usable: Flags, before: Signal) -> Signal:
    """`values`, what is not usable replaced by the last usable value of its channel; the first of these is `before`."""
    at = np.where(usable, np.arange(1, values.shape[1] + 1), 0)
    line = np.concatenate([before, values], axis=1, dtype=np.float32)
    return np.take_along_axis(line, np.maximum.accumulate(at, axis=1), axis=1)
