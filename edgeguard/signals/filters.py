"""Causal filters with a state, for streams in chunks of any size."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError
from edgeguard.signals.filter_design import sections
from edgeguard.signals.spec import FilterSpec

Floats = NDArray[np.float64]
Signal = NDArray[np.float32]

_BLOCK: Final = 64  # samples filtered by one matrix product: larger ones multiply more zeros, smaller ones call more
_SETTLED: Final = 0.01
_STABLE: Final = 1 - 1e-7  # of a pole's modulus: float64 has no precision left for slower ones


class StreamingFilter:
    """All `specs` in order, as scipy.signal.sosfilt applies them, over a stream in chunks of any size.

    The state begins as if the first sample had stood there for ever, so that an electrode's offset makes no transient.
    Samples must be finite (`edgeguard.signals.conditioning` bridges what is not).

    The recursion is tabulated: one block of output, and the state after it, is a matrix times (input, state).

    Args:
        specs: The filters; none pass the signal through. ConfigError where they cannot be computed at this rate.
        rate_hz: Samples per second.
        channels: How many are filtered side by side.
    """

    def __init__(self, specs: tuple[FilterSpec, ...], rate_hz: float, channels: int) -> None:
        self.channels = channels
        self.rate_hz = rate_hz
        self._cascade = _cascade(specs, rate_hz) if specs else None
        self._state: Floats | None = None

    @property
    def settle_s(self) -> float:
        """Seconds until the slowest mode of the impulse response has fallen to 1 %: what was before is forgotten."""
        if self._cascade is None or not self._cascade.slowest_pole:
            return 0.0
        return math.log(_SETTLED) / math.log(self._cascade.slowest_pole) / self.rate_hz

    def restart(self) -> None:
        """Forget the past: the next sample is taken for one that had stood there for ever."""
        self._state = None

    def feed(self, values: Signal) -> Signal:
        """The filtered signal (channels, n) of the next samples (channels, n), in float32; computed in float64."""
        made = self._cascade
        if made is None or not values.shape[1]:
            return values
        if self._state is None:
            self._state = values[:, :1] * made.steady
        exact = values.astype(np.float64)
        filtered = np.empty(values.shape, dtype=np.float32)
        for at in range(0, exact.shape[1], _BLOCK):
            x, state = exact[:, at : at + _BLOCK], self._state
            n = x.shape[1]
            filtered[:, at : at + n] = x @ made.output_of_input[:n, :n] + state @ made.output_of_state[:, :n]
            self._state = x @ made.state_of_input[_BLOCK - n :] + state @ made.state_of_state[n]
        return filtered


class _Cascade(NamedTuple):
    """What one block does to the state z (two numbers per section) and the input x, both as rows.

    Attributes:
        output_of_input: (block, block); the corner (n, n) serves n samples.
        output_of_state: (states, block).
        state_of_input: (block, states); its last n rows serve n samples.
        state_of_state: (block + 1, states, states), after 0, 1, … samples.
        steady: (states,) under a constant input of 1.
        slowest_pole: Largest modulus.
    """

    output_of_input: Floats
    output_of_state: Floats
    state_of_input: Floats
    state_of_state: Floats
    steady: Floats
    slowest_pole: float


@lru_cache(maxsize=8)
def _cascade(specs: tuple[FilterSpec, ...], rate_hz: float) -> _Cascade:
    """Run the recursion of all sections (direct form II transposed) over every unit input and unit state at once."""
    rows = sections(specs, rate_hz)
    slowest = max(abs(pole) for row in rows for pole in np.roots(row[3:]))
    if not slowest < _STABLE:
        raise ConfigError(f"at {rate_hz:g} Hz the filters ring too long to be computed: raise hz or lower quality")
    states = 2 * len(rows)
    basis = np.eye(states + _BLOCK)
    z = [basis[k] for k in range(states)]
    outputs, powers = [], [basis[:states, :states]]
    for now in range(_BLOCK):
        y = basis[states + now]
        for k, (b0, b1, b2, _, a1, a2) in enumerate(rows):
            u, y = y, b0 * y + z[2 * k]
            z[2 * k], z[2 * k + 1] = b1 * u - a1 * y + z[2 * k + 1], b2 * u - a2 * y
        outputs.append(y)
        powers.append(np.array(z)[:, :states].T)
    output, after = np.array(outputs).T, np.array(z).T
    return _Cascade(
        output_of_input=output[states:].copy(),
        output_of_state=output[:states].copy(),
        state_of_input=after[states:].copy(),
        state_of_state=np.array(powers),
        steady=_steady(rows),
        slowest_pole=float(slowest),
    )


def _steady(rows: Floats) -> Floats:
    """The states under a constant input of 1, as scipy.signal.sosfilt_zi has them."""
    found, level = [], 1.0
    for b0, b1, b2, _, a1, a2 in rows.tolist():
        after = level * (b0 + b1 + b2) / (1 + a1 + a2)
        found += [after - b0 * level, b2 * level - a2 * after]
        level = after
    return np.array(found)
