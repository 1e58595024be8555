"""A recursive filter over a stream in chunks of any size."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ORDER: Final = 4

_MANY: Final = 10_000  # samples that are worth importing scipy.signal, which takes a second and 77 MB


class Recursion:
    """scipy.signal.lfilter with coefficients `b` and `a` of at most `ORDER`, over a stream that begins at rest.

    Few samples are computed in plain floats by the same operations in the same order, so that a device need not import
    scipy.signal.
    """

    def __init__(self, b: ArrayLike, a: ArrayLike) -> None:
        first = np.atleast_1d(a)[0]
        self._b, self._a = (np.pad(np.atleast_1d(row) / first, (0, ORDER + 1 - np.size(row))) for row in (b, a))
        self._state = [0.0] * ORDER

    def of(self, values: Floats) -> Floats:
        """The filtered signal (n,) of the next samples (n,)."""
        if len(values) > _MANY:
            from scipy.signal import lfilter  # noqa: PLC0415 - see above

            filtered, state = lfilter(self._b, self._a, values, zi=self._state)
            self._state = state.tolist()
            return np.asarray(filtered)
        return self._few(values)

    def _few(self, values: Floats) -> Floats:
        b0, b1, b2, b3, b4 = self._b.tolist()
        _, a1, a2, a3, a4 = self._a.tolist()
        z0, z1, z2, z3 = self._state
        filtered = []
        for x in values.tolist():
            y = z0 + b0 * x
            z0 = z1 + x * b1 - y * a1
            z1 = z2 + x * b2 - y * a2
            z2 = z3 + x * b3 - y * a3
            z3 = x * b4 - y * a4
            filtered.append(y)
        self._state = [z0, z1, z2, z3]
        return np.array(filtered)
