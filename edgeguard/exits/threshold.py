"""The alarm threshold: a conformal quantile of the disagreement on clean calibration windows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from edgeguard.errors import ConfigError


def windows_needed(false_alarm_rate: float) -> int:
    """The fewest calibration windows with which `conformal_threshold` can promise this rate."""
    return math.ceil(1.0 / false_alarm_rate - 1e-9) - 1


def require_windows(windows: int, false_alarm_rate: float) -> None:
    """ConfigError where so many calibration windows are too few to promise this rate."""
    if windows < (needed := windows_needed(false_alarm_rate)):
        raise ConfigError(
            f"{windows} calibration windows cannot promise a false-alarm rate of {false_alarm_rate}: it takes at "
            f"least {needed}, so promise a higher rate or set more windows aside"
        )


def conformal_threshold(clean_scores: ArrayLike, false_alarm_rate: float) -> float:
    """The threshold t with P(score > t) ≤ `false_alarm_rate` for a new clean window, exchangeable with these.

    t is the ⌈(n + 1)(1 - rate)⌉-th smallest of the n calibration scores (split conformal prediction), so the
    promise holds for any distribution of scores, ties included.

    Raises:
        ConfigError: the rate is outside (0, 1), or n is too small for it, or a score is not finite.
    """
    if not 0.0 < false_alarm_rate < 1.0:
        raise ConfigError(f"the false-alarm rate must lie between 0 and 1, not {false_alarm_rate}: 0.01 is usual")
    scores = np.sort(np.asarray(clean_scores, dtype=np.float64))
    if not np.isfinite(scores).all():
        raise ConfigError("a calibration score is not finite: look for NaN in the calibration windows")
    require_windows(len(scores), false_alarm_rate)
    rank = math.ceil((len(scores) + 1) * (1.0 - false_alarm_rate) - 1e-9)
    return float(scores[rank - 1])
