"""The envelope of an ECG in the band of the QRS complexes: a smooth hill per complex, whatever its polarity."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.filter_design import bessel_lowpass, sections
from edgeguard.signals.qrs_constants import QrsConstants
from edgeguard.signals.recursion import Recursion
from edgeguard.signals.spec import FilterSpec

Floats = NDArray[np.float64]

_IMPULSE_S: Final = 2.0


class QrsEnvelope:
    """Band-pass, rectification, smoothing; causal, and the same for any chunks.

    Attributes:
        delay: Samples by which a hill's top lies behind the middle of its complex.
    """

    def __init__(self, rate_hz: float, constants: QrsConstants) -> None:
        self._rate_hz, self._constants = rate_hz, constants
        self._reset()
        impulse = np.zeros(round(_IMPULSE_S * rate_hz))
        impulse[1] = 1.0
        self.delay = int(np.argmax(self.of(impulse))) - 1
        self._reset()

    def _reset(self) -> None:
        self._last: float | None = None
        band = FilterSpec(kind="bandpass", hz=(self._constants.low_hz, self._constants.high_hz))
        rows = sections([band], self._rate_hz)
        # One of the two zeros at 0 Hz is a difference taken before the filter: a constant signal, however far from 0,
        # then is exactly 0, and no rounding error of its size is left to be taken for beats.
        gain = float(np.prod(rows[:, 0]))
        self._band = Recursion(gain * np.poly([1.0, -1.0, -1.0]), np.polymul(*rows[:, 3:]))
        self._smooth = Recursion(*bessel_lowpass(self._constants.smooth_hz, self._rate_hz))

    def of(self, values: Floats) -> Floats:
        """The envelope (n,) at `values` (n,), which are finite and follow those of the call before."""
        last = values[0] if self._last is None else self._last
        self._last = float(values[-1])
        steps = np.empty_like(values)
        steps[0] = values[0] - last
        np.subtract(values[1:], values[:-1], out=steps[1:])
        return self._smooth.of(np.abs(self._band.of(steps)))


class TurningPoints:
    """Where a stream turns from rising to falling and back."""

    def __init__(self) -> None:
        self._tail = np.zeros(0)
        self._passed = 0  # samples before the tail

    def of(self, values: Floats) -> list[tuple[int, float, bool]]:
        """(index since the beginning, value, whether it is a top) of each turn that `values` (n,) show, in order.

        A turn is known one sample later.
        """
        joined = np.concatenate((self._tail, values))
        rising = joined[1:] > joined[:-1]
        turns = np.flatnonzero(rising[1:] != rising[:-1]) + 1
        found = zip((turns + self._passed).tolist(), joined[turns].tolist(), rising[turns - 1].tolist(), strict=True)
        self._tail = joined[-2:]
        self._passed += len(joined) - len(self._tail)
        return list(found)
