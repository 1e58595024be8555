"""The ECGSYN wave model (McSharry, Clifford, Tarassenko & Smith, IEEE TBME 50(3), 2003), for all beats at once.

A phase θ turns once from R peak to R peak, and each wave i pulls the signal z as θ passes its angle θᵢ:

    dz/dt = −Σᵢ aᵢ ω Δθᵢ exp(−Δθᵢ² / 2bᵢ²) − (z − z₀(t)),    Δθᵢ = θ − θᵢ,  ω = dθ/dt

The sum depends on t alone, so it is evaluated for all samples together; what remains is a relaxation toward z₀ with
a time constant of one second: a one-pole filter. With the factor ω (Sameni et al., IEEE TBME 54(12), 2007) a wave is
aᵢ bᵢ² high at any heart rate, so heights are given in mV and aᵢ follows from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]

WAVES: Final = ("P", "Q", "R", "R'", "S", "ST", "T")
_TURN: Final = 2 * np.pi
_RATE_LAW: Final = np.array([0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5])  # powers of √(heart rate / 60) on the angles
_LF_HZ, _HF_HZ, _PEAK_HZ = 0.1, 0.25, 0.01  # Mayer waves, respiration, and the width of both spectral peaks
_GRID_HZ: Final = 4.0
_RR_BOUNDS_S: Final = (0.35, 2.0)


@dataclass(frozen=True)
class Waves:
    """The waves of every beat as they are at 60 beats per minute; each array is (beats, len(WAVES)).

    Attributes:
        angle_rad: Position before (negative) or after the R peak; 2π is one second.
        width_rad: Standard deviation of the Gaussian.
        height_mv: Height, negative for a wave below the baseline.
    """

    angle_rad: Floats
    width_rad: Floats
    height_mv: Floats


def solve(r_times_s: Floats, waves: Waves, times_s: Floats, baseline_mv: Floats) -> Floats:
    """The signal z in mV at evenly spaced `times_s`, at 0 at the first of them.

    Args:
        r_times_s: (beats,) times of the R peaks; the first and the last must enclose `times_s`.
        waves: Of the same beats. Angles and widths follow the length of the interval as in ECGSYN: widths as
            √(60 / RR), angles of the QRS complex likewise, of P, ST and T as its root.
        times_s: (n,) sampling times.
        baseline_mv: (n,) z₀, toward which z relaxes.

    The relaxation is exact for a driving term that is linear between samples.
    """
    if times_s[0] < r_times_s[0] or times_s[-1] > r_times_s[-1]:
        raise ValueError("the R peaks do not enclose the sampling times")
    return _relax(_drive(r_times_s, waves, times_s) + baseline_mv, times_s[1] - times_s[0])


def _drive(r_times_s: Floats, waves: Waves, times_s: Floats) -> Floats:
    beat = np.clip(np.searchsorted(r_times_s, times_s, side="right") - 1, 0, len(r_times_s) - 2)
    rr = np.diff(r_times_s)[beat]
    phase = _TURN * (times_s - r_times_s[beat]) / rr
    stretch = np.sqrt(1.0 / rr)[:, None]
    total = np.zeros_like(times_s)
    for ahead in (0, 1):  # only the beats at both ends of an interval reach into it
        row = beat + ahead
        width = waves.width_rad[row] * stretch
        offset = (phase - ahead * _TURN)[:, None] - waves.angle_rad[row] * stretch**_RATE_LAW
        total += np.sum(waves.height_mv[row] / width**2 * offset * np.exp(-0.5 * (offset / width) ** 2), axis=1)
    return np.asarray(-_TURN / rr * total)


def _relax(pull: Floats, step_s: float) -> Floats:
    keep = np.exp(-step_s)
    now = 1 - (1 - keep) / step_s
    before = (1 - keep) / step_s - keep
    result, _ = lfilter([now, before], [1, -keep], pull, zi=[-now * pull[0]])
    return np.asarray(result)


def sinus_times_s(
    seconds: float, heart_rate_bpm: float, heart_rate_std_bpm: float, lf_hf_ratio: float, rng: np.random.Generator
) -> Floats:
    """Times of the sinus node's beats from 0 to the first one after `seconds`.

    The RR interval varies with the two-peak spectrum of ECGSYN (0.1 Hz and 0.25 Hz, powers in `lf_hf_ratio`); a beat
    falls whenever the integral of the instantaneous rate 1/RR passes a whole number.
    """
    n = 2 ** int(np.ceil(np.log2(max(seconds, 256.0) * _GRID_HZ + 2 * _GRID_HZ)))
    rate = 1.0 / _rr_tachogram(n, heart_rate_bpm, heart_rate_std_bpm, lf_hf_ratio, rng)
    beats = np.concatenate([[0.0], np.cumsum(rate) / _GRID_HZ])
    times = np.interp(np.arange(int(beats[-1]) + 1), beats, np.arange(n + 1) / _GRID_HZ)
    return times[: np.searchsorted(times, seconds, side="right") + 1]


def _rr_tachogram(n: int, mean_bpm: float, std_bpm: float, lf_hf_ratio: float, rng: np.random.Generator) -> Floats:
    frequency: Floats = np.linspace(0, _GRID_HZ / 2, n // 2 + 1)
    power = lf_hf_ratio * _peak(frequency, _LF_HZ) + _peak(frequency, _HF_HZ)
    wave = np.fft.irfft(np.sqrt(power) * np.exp(1j * rng.uniform(0, _TURN, len(frequency))), n)
    deviation_s = 60 * std_bpm / mean_bpm**2
    return np.asarray(np.clip(60 / mean_bpm + deviation_s * wave / wave.std(), *_RR_BOUNDS_S))


def _peak(frequency: Floats, center_hz: float) -> Floats:
    return np.asarray(np.exp(-0.5 * ((frequency - center_hz) / _PEAK_HZ) ** 2), dtype=np.float64)
