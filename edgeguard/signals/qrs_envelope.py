"""The envelope of an ECG in the band of the QRS complexes: a smooth hill per complex, whatever its polarity."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import bessel, butter, lfilter

from edgeguard.signals.qrs_constants import QrsConstants

Floats = NDArray[np.float64]

_IMPULSE_S: Final = 2.0


class QrsEnvelope:
    """Band-pass, rectification, smoothing; causal, and bit for bit the same for any chunks.

    Attributes:
        delay: Samples by which a hill's top lies behind the middle of its complex.
    """

    def __init__(self, rate_hz: float, constants: QrsConstants) -> None:
        _, poles, gain = butter(2, [constants.low_hz, constants.high_hz], "bandpass", output="zpk", fs=rate_hz)
        # One of the two zeros at 0 Hz is a difference taken before the filter: a constant signal, however far from 0,
        # then is exactly 0, and no rounding error of its size is left to be taken for beats.
        self._band = gain * np.poly([1.0, -1.0, -1.0]), np.poly(poles)
        self._smooth = bessel(2, constants.smooth_hz, fs=rate_hz, norm="mag")
        self._reset()
        impulse = np.zeros(round(_IMPULSE_S * rate_hz))
        impulse[1] = 1.0
        self.delay = int(np.argmax(self.of(impulse))) - 1
        self._reset()

    def _reset(self) -> None:
        self._last: float | None = None
        self._band_state, self._smooth_state = np.zeros(4), np.zeros(2)

    def of(self, values: Floats) -> Floats:
        """The envelope (n,) at `values` (n,), which are finite and follow those of the call before."""
        last = values[0] if self._last is None else self._last
        self._last = float(values[-1])
        steps = np.empty_like(values)
        steps[0] = values[0] - last
        np.subtract(values[1:], values[:-1], out=steps[1:])
        band, self._band_state = lfilter(*self._band, steps, zi=self._band_state)
        hills, self._smooth_state = lfilter(*self._smooth, np.abs(band, out=band), zi=self._smooth_state)
        return np.asarray(hills)


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
