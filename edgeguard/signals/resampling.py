"""Change the rate of a stream by a ratio of whole numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import SourceError

Floats = NDArray[np.float64]
Signal = NDArray[np.float32]

_LARGEST: Final = 1000  # of either number of a ratio
_INACCURACY: Final = 1e-6
_LOBES: Final = 10  # of the sinc on either side, and the window over it: as scipy.signal.resample_poly has them
_KAISER_BETA: Final = 5.0
_AT_ONCE: Final = 2**16  # products held in memory


class RateRatio(NamedTuple):
    """`up` samples of the model are `down` samples of the source; sample 0 is the same moment in both."""

    up: int
    down: int

    def source_index(self, index: int) -> int:
        """The source's sample nearest to the model's sample `index`; exact for integers of any size."""
        return (2 * index * self.down + self.up) // (2 * self.up)

    def model_index(self, index: int) -> int:
        """The model's sample nearest to the source's sample `index`; exact for integers of any size."""
        return (2 * index * self.up + self.down) // (2 * self.down)


def rate_ratio(from_hz: float, to_hz: float) -> RateRatio:
    """The ratio that turns `from_hz` into `to_hz`.

    SourceError where no two numbers up to 1000 hit it to one part in a million.
    """
    if not (math.isfinite(from_hz) and from_hz > 0):
        raise SourceError(f"the source claims a rate of {from_hz:g} Hz: set its true rate")
    wanted = Fraction(to_hz) / Fraction(from_hz)
    found = wanted.limit_denominator(_LARGEST)
    if not 0 < found.numerator <= _LARGEST or abs(found / wanted - 1) > _INACCURACY:
        raise SourceError(
            f"{from_hz:.10g} Hz cannot be resampled to {to_hz:.10g} Hz, not a ratio of numbers up to {_LARGEST}: "
            "set the source's nominal rate"
        )
    return RateRatio(found.numerator, found.denominator)


class Resampler:
    """A stream at another rate, without delay: sample k of the output lies at sample k · down / up of the input.

    The output is that of scipy.signal.resample_poly with the same FIR filter; before the first sample the signal is
    taken to have stood at it. What is not finite spoils the output within `reach` of it, no more. Memory does not grow
    and phases are whole numbers, so that nothing drifts.

    Args:
        from_hz: Rate of the input.
        to_hz: Rate of the output; SourceError where `rate_ratio` finds none.
        channels: How many are resampled side by side.
    """

    def __init__(self, from_hz: float, to_hz: float, channels: int) -> None:
        self.channels = channels
        self.ratio = rate_ratio(from_hz, to_hz)
        self._taps = _taps(self.ratio)
        self._before = (self._taps.shape[1] - 2) // 2
        self._offsets = np.arange(-self._before, self._before + 2)
        self._held = np.empty((channels, self._before))  # what later output needs of the past
        self._next = self._before * self.ratio.up  # next output after the first held sample, in 1 / up of a sample
        self._restarted = True

    @property
    def reach(self) -> int:
        """How many samples of the input on either side an output depends on; it comes that much later. 0: identity."""
        return 0 if self.ratio.up == self.ratio.down else self._before + 1

    def restart(self) -> None:
        """Forget the past but not the position: the next sample is taken for one that had stood there for ever."""
        self._restarted = True

    def feed(self, values: Signal) -> Signal:
        """The output (channels, m) that the input (channels, n) completes, both float32; computed in float64."""
        up, down = self.ratio
        if up == down or not values.shape[1]:
            return values
        if self._restarted:
            self._held[:], self._restarted = values[:, :1], False
        x = np.concatenate([self._held, values], axis=1, dtype=np.float64)
        count = max(0, -((self._next - (x.shape[1] - self._before - 1) * up) // down))
        resampled = np.empty((self.channels, count), dtype=np.float32)
        step = max(1, _AT_ONCE // (self._taps.shape[1] * self.channels))
        for at in range(0, count, step):
            position, phase = np.divmod(self._next + np.arange(at, min(at + step, count)) * down, up)
            around = x.take(position[:, None] + self._offsets, axis=1)
            resampled[:, at : at + step] = np.einsum("cnt,nt->cn", around, self._taps.take(phase, axis=0))
        self._next += count * down
        passed = min(self._next // up - self._before, x.shape[1])
        self._held, self._next = x[:, passed:].copy(), self._next - passed * up  # a view would keep the chunk
        return resampled


@lru_cache(maxsize=8)
def _taps(ratio: RateRatio) -> Floats:
    """(up, taps): the FIR filter for each phase; each sums to 1, so that an offset gives no ripple.

    Row r weighs the samples before, …, before + 1 from the one at or before the output, which lies r / up after it.
    """
    up, down = ratio
    half = _LOBES * max(up, down)
    before = half // up
    steps = np.arange(up)[:, None] - np.arange(-before, before + 2) * up  # from the input's sample to the output
    window = np.append(np.kaiser(2 * half + 1, _KAISER_BETA), np.zeros(2 * up))
    taps: Floats = np.sinc(steps / max(up, down)) * np.where(
        abs(steps) <= half, window[np.minimum(steps + half, 2 * half + up)], 0.0
    )
    return np.asarray(taps / taps.sum(axis=1, keepdims=True))
