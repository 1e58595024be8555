"""Second-order sections of the filters that a signal may name; what scipy.signal's butter, bessel and iirnotch design.

Importing scipy.signal takes most of a second and 77 MB, which a device beside a wearable has better uses for; the tests
hold these sections to scipy's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError
from edgeguard.signals.spec import FilterSpec

Floats = NDArray[np.float64]
_Section = list[float]

_ZEROS: Final = {"lowpass": (1.0, 2.0, 1.0), "highpass": (1.0, -2.0, 1.0), "bandpass": (1.0, 0.0, -1.0)}
# s² + 3 s + 3, the Bessel polynomial, has the magnitude 1/√2 at s = j √((√5 - 1) 3 / 2): taken to 1
_BESSEL_POLE: Final = (-1.5 + 1j * math.sqrt(0.75)) / math.sqrt(1.5 * (math.sqrt(5) - 1))
_SINGLE_ZERO: Final = {"lowpass": (1.0, 1.0, 0.0), "highpass": (1.0, -1.0, 0.0)}


def sections(specs: Sequence[FilterSpec], rate_hz: float) -> Floats:
    """All `specs` in order as one cascade: (sections, 6) of b0 b1 b2 1 a1 a2, as scipy.signal.sosfilt reads them.

    ConfigError for a notch that takes everything out.
    """
    rows = [row for spec in specs for row in (_notch if spec.kind == "notch" else _butterworth)(spec, rate_hz)]
    return np.array(rows, dtype=np.float64).reshape(-1, 6)


def bessel_lowpass(hz: float, rate_hz: float) -> tuple[Floats, Floats]:
    """Numerator and denominator of a low-pass of order 2 whose delay is flat, -3 dB at `hz`.

    As scipy.signal.bessel(2, hz, norm="mag", fs=rate_hz) designs it.
    """
    corner = 2 * math.tan(math.pi * hz / rate_hz)
    pole = corner * _BESSEL_POLE
    turned = (2 + pole) / (2 - pole)
    poles = np.array([1.0, -2 * turned.real, abs(turned) ** 2])
    return np.array([1.0, 2.0, 1.0]) * poles.sum() / 4, poles


def _notch(spec: FilterSpec, rate_hz: float) -> list[_Section]:
    if spec.hz[0] / spec.quality >= rate_hz / 2:
        raise ConfigError(
            f"a notch of quality {spec.quality:g} is wider than half of {rate_hz:g} Hz: raise its quality"
        )
    turn = 2 * math.pi * spec.hz[0] / rate_hz
    gain = 1 / (1 + math.tan(turn / spec.quality / 2))
    middle = -2 * gain * math.cos(turn)
    return [[gain, middle, gain, 1.0, middle, 2 * gain - 1]]


def _butterworth(spec: FilterSpec, rate_hz: float) -> list[_Section]:
    """Poles of the analog filter through the bilinear transform; each section has gain 1 where the filter has it."""
    corners = [2 * math.tan(math.pi * hz / rate_hz) for hz in spec.hz]
    poles = (2 + (analog := _analog_poles(spec, corners))) / (2 - analog)
    passed = {"lowpass": 0.0, "highpass": math.pi}.get(spec.kind, 2 * math.atan(math.sqrt(math.prod(corners)) / 2))
    real = sorted(pole.real for pole in poles if pole.imag == 0)
    denominators = [(1.0, -2 * pole.real, abs(pole) ** 2) for pole in poles if pole.imag > 0]
    denominators += [(1.0, -one - other, one * other) for one, other in zip(real[::2], real[1::2], strict=False)]
    found = [_with_unit_gain(_ZEROS[spec.kind], denominator, passed) for denominator in denominators]
    if len(real) % 2:
        found.append(_with_unit_gain(_SINGLE_ZERO[spec.kind], (1.0, -real[-1], 0.0), passed))
    return found


def _analog_poles(spec: FilterSpec, corners: list[float]) -> NDArray[np.complex128]:
    around = np.exp(1j * np.pi * np.arange(1 - spec.order, spec.order, 2) / (2 * spec.order))
    prototype = -np.where(np.arange(1 - spec.order, spec.order, 2) == 0, 1.0, around)
    if spec.kind == "lowpass":
        return np.asarray(corners[0] * prototype)
    if spec.kind == "highpass":
        return np.asarray(corners[0] / prototype)
    half_width = prototype * (corners[1] - corners[0]) / 2
    root = np.sqrt(half_width**2 - corners[0] * corners[1])
    return np.concatenate([half_width + root, half_width - root])


def _with_unit_gain(zeros: Sequence[float], poles: Sequence[float], turn: float) -> _Section:
    at = np.exp(-1j * turn * np.arange(3))
    gain = float(abs(np.dot(poles, at)) / abs(np.dot(zeros, at)))
    return [*(gain * value for value in zeros), *poles]
