"""Whether a stretch of raw signal can be judged at all, and why not."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.spec import QualitySpec

Signal = NDArray[np.float32]
Floats = NDArray[np.float64]

NOT_FINITE: Final = "signal not finite"
SETTLING: Final = "settling"
SATURATED: Final = "saturated or lead off"
FLAT: Final = "flat"
MOTION: Final = "motion"
MAINS: Final = "mains"
NO_BEAT: Final = "no beat"
REASONS: Final = (NOT_FINITE, SATURATED, FLAT, MOTION, MAINS, SETTLING, NO_BEAT)

LARGEST: Final = 1e30  # what is at or beyond it overflows in sums of squares, and counts as not finite
_MAINS_HZ: Final = (50.0, 60.0)
_SATURATED_S: Final = 0.025  # an R peak that only touches the rail is shorter
_BASELINE_S: Final = 0.443 / 0.7  # a mean over so long has lost 3 dB at 0.7 Hz
_SEEN_S: Final = 2.0  # what baseline and spectrum need to be told from a beat


def context_s(spec: QualitySpec) -> float:
    """Seconds of raw signal that every check of `spec` wants to see; a shorter window is judged with its past."""
    return max(_SEEN_S if spec.motion or spec.mains else 0.0, spec.flat_s if spec.flat else 0.0)


def flaw(raw: Signal, rate_hz: float, spec: QualitySpec) -> str | None:
    """The first of `REASONS` for which `raw` must not be judged, or None.

    A check that needs a longer stretch than `raw` is left out; so is that of a mains frequency at or above half the
    rate.

    Args:
        raw: (channels, n) in the unit of `spec`; one bad channel is enough.
        rate_hz: Samples per second.
        spec: What is looked at.
    """
    if not np.abs(raw).max(initial=0) < LARGEST:
        return NOT_FINITE
    if spec.saturation is not None and _is_saturated(raw, round(_SATURATED_S * rate_hz), spec.saturation):
        return SATURATED
    if spec.flat is not None and _is_flat(raw, round(spec.flat_s * rate_hz), spec.flat):
        return FLAT
    if spec.motion is not None and _is_moved(raw, round(_BASELINE_S * rate_hz), spec.motion):
        return MOTION
    if spec.mains is not None and raw.shape[1] >= _SEEN_S * rate_hz / 2 and _mains_share(raw, rate_hz) > spec.mains:
        return MAINS
    return None


def _is_saturated(raw: Signal, length: int, limit: float) -> bool:
    size = np.abs(raw)
    if size.max(initial=0) < limit:
        return False
    return bool((_sliding(np.minimum, size, max(1, min(length, raw.shape[1]))) >= limit).any())


def _is_flat(raw: Signal, length: int, least: float) -> bool:
    if raw.shape[1] < length or length < 2:
        return False
    half = length // 2  # a run of `length` holds a whole one of these parts, and they are quickly looked at
    parts = raw[:, : raw.shape[1] // half * half].reshape(len(raw), -1, half)
    if not (parts.max(axis=2) - parts.min(axis=2) < least).any():
        return False
    return bool((_sliding(np.maximum, raw, length) - _sliding(np.minimum, raw, length) < least).any())


def _is_moved(raw: Signal, length: int, limit: float) -> bool:
    if raw.shape[1] <= length:
        return False
    total = np.cumsum(raw - raw[:, :1], axis=1, dtype=np.float64)
    baseline = (total[:, length:] - total[:, :-length]) / length
    return bool((baseline.max(axis=1) - baseline.min(axis=1) > limit).any())


def _mains_share(raw: Signal, rate_hz: float) -> float:
    """Largest share over the channels of the power above 1 Hz that lies at 50 or at 60 Hz."""
    taper, bands = _taper_and_bands(raw.shape[1], rate_hz)
    size = np.abs(np.fft.rfft((raw - raw[:, :1]) * taper, axis=1))
    power: list[list[float]] = (size * size @ bands).tolist()
    return max(max(at_mains) / (total or 1.0) for total, *at_mains in power)


def _sliding(extreme: np.ufunc, values: Signal, length: int) -> Signal:
    """`extreme` over each run of `length` samples, by doubling: log2(length) passes."""
    done = 1
    while 2 * done <= length:
        values, done = extreme(values[:, :-done], values[:, done:]), 2 * done
    rest = length - done
    return np.asarray(extreme(values[:, : values.shape[1] - rest], values[:, rest:]))


@lru_cache(maxsize=16)
def _taper_and_bands(n: int, rate_hz: float) -> tuple[Signal, Floats]:
    """(n,), and the bins of a spectrum above 1 Hz and at each of the mains, (bins, 3); a line is two bins wide."""
    hz = np.fft.rfftfreq(n, 1 / rate_hz)
    reach = max(1.0, 2 * rate_hz / n)
    bands = [hz > 1.0, *((abs(hz - mains) <= reach) & (mains < rate_hz / 2) for mains in _MAINS_HZ)]
    return np.hanning(n + 1)[:-1].astype(np.float32), np.array(bands, dtype=np.float64).T
