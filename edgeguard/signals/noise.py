"""What a wearable picks up besides the heart: sensor noise, muscle, mains, and a wandering baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NoiseLevels:
    """How strong each disturbance is; standard deviations, except for the amplitude of the mains.

    Attributes:
        white_mv: Sensor and quantization noise.
        muscle_mv: Muscle activity above 20 Hz, swelling and fading over seconds.
        wander_mv: Baseline: breathing and slow electrode drift.
        mains_mv: Amplitude of the mains sine.
        mains_hz: 50 or 60.
        breathing_hz: Breaths per second.
    """

    white_mv: float
    muscle_mv: float
    wander_mv: float
    mains_mv: float
    mains_hz: float
    breathing_hz: float


def interference_mv(times_s: Floats, levels: NoiseLevels, rng: np.random.Generator) -> Floats:
    """Sensor noise, muscle noise and mains at evenly spaced times, (n,)."""
    n, rate_hz = len(times_s), 1 / (times_s[1] - times_s[0])
    mains = np.sin(2 * np.pi * (levels.mains_hz * times_s + rng.uniform()))
    muscle = _above_20_hz(rng.normal(size=n), rate_hz) * np.exp(0.5 * _slow(n, rate_hz, rng))
    return np.asarray(levels.white_mv * rng.normal(size=n) + levels.muscle_mv * _unit(muscle) + levels.mains_mv * mains)


def wander_mv(times_s: Floats, levels: NoiseLevels, rng: np.random.Generator) -> Floats:
    """The baseline z₀(t) at evenly spaced times, (n,): breathing with a little irregularity, and slow drift."""
    n, rate_hz = len(times_s), 1 / (times_s[1] - times_s[0])
    breathing = np.sin(2 * np.pi * levels.breathing_hz * times_s + rng.uniform(0, 2 * np.pi) + _slow(n, rate_hz, rng))
    return np.asarray(levels.wander_mv * _unit(breathing + 0.7 * _slow(n, rate_hz, rng)))


def _slow(n: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Unit-variance noise below about 0.1 Hz, drawn coarsely and interpolated."""
    every = max(1, int(rate_hz * 3))
    knots = rng.normal(size=n // every + 2)
    return np.interp(np.arange(n) / every, np.arange(len(knots)), knots)


def _above_20_hz(noise: Floats, rate_hz: float) -> Floats:
    return np.asarray(sosfiltfilt(butter(2, 20.0, "highpass", fs=rate_hz, output="sos"), noise))


def _unit(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) / values.std())
