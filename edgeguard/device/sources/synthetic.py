"""An endless synthetic ECG: the same generator, rate and noise as the data set of that name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard import config
from edgeguard.device.samples import Feed
from edgeguard.device.sources.pacing import paced
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.synthetic import draw_wearer, synthesize

_BLOCK_S: Final = 60.0
_FADE_S: Final = 0.25
_WEARER, _BLOCK = 3, 4  # first words of the seeds: no wearer of the data set comes again


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may follow ``synthetic:``.

    Attributes:
        seed: Of the wearer, the rhythm and the noise.
        seconds: Length of the signal; endless where it is not given.
        abnormal: Share of episodes that are abnormal, 0 to 1.
    """

    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None
    abnormal: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5


class SyntheticSource:
    """A simulated wearable; ``seed=3,seconds=60`` are its options."""

    def __init__(self, argument: str, speed: float) -> None:
        assignments = [part for part in argument.split(",") if part]
        self._options = config.record_from(config.set_values({}, assignments), Options, "synthetic")
        self._speed = speed

    async def open(self, signal: SignalSpec) -> Feed:
        """One channel ``ECG`` in mV at the rate of `signal`; SourceError where it asks for another kind of signal."""
        if signal.channels != ("ECG",) or signal.units != "mV" or not signal.rate_hz or signal.rate_hz <= 120:
            raise SourceError(
                "the synthetic source makes one channel ECG in mV above 120 Hz, but the model takes "
                f"{'+'.join(signal.channels)} in {signal.units} at {signal.rate_hz or 'no'} Hz: replay a recording"
            )
        samples = paced(self._blocks(signal.rate_hz), signal.rate_hz, self._speed)
        return Feed(signal.rate_hz, samples, live=False)

    async def close(self) -> None:
        """Nothing is held open."""

    def _blocks(self, rate_hz: float) -> Iterator[tuple[int, NDArray[np.float32]]]:
        first = 0
        end = math.inf if self._options.seconds is None else round(self._options.seconds * rate_hz)
        for block in self._endless(rate_hz):
            yield first, block[None, : int(min(len(block), end - first))]
            if (first := first + len(block)) >= end:
                return

    def _endless(self, rate_hz: float) -> Iterator[NDArray[np.float32]]:
        """Recordings joined between two beats, where the signal rests, with a short cross-fade."""
        wearer, number = draw_wearer([_WEARER, self._options.seed]), 0
        fade = round(_FADE_S * rate_hz)
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        tail = None
        while True:
            seed = [_BLOCK, self._options.seed, number]
            recording = synthesize(
                wearer, rate_hz=rate_hz, seconds=_BLOCK_S, seed=seed, abnormal_share=self._options.abnormal
            )
            signal, (begin, end) = recording.signal_mv.copy(), _rests(recording.r_peaks, fade, len(recording.signal_mv))
            if tail is None:
                begin = 0
            else:
                signal[begin : begin + fade] = tail * (1 - ramp) + signal[begin : begin + fade] * ramp
            tail = signal[end : end + fade]
            yield signal[begin:end]
            number += 1


def _rests(r_peaks: NDArray[np.int64], fade: int, n: int) -> tuple[int, int]:
    """The first and the last point between T and P, in intervals that are not short, with room for a cross-fade."""
    intervals = np.diff(r_peaks)
    rests = r_peaks[:-1] + 2 * intervals // 3
    inside = rests[(intervals >= np.median(intervals)) & (rests >= 0) & (rests + fade <= n)]
    return int(inside[0]), int(inside[-1])
