"""Which windows a study of detectors uses for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeguard.lab.data.dataset import Split

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Parts:
    """Windows of a data set by what they are for; no two overlap.

    Attributes:
        train: Detectors are fitted on them, and attackers have them.
        calibration: Clean windows that thresholds come from.
        tested: Clean windows that false alarms are counted on, and of which some are attacked.
    """

    train: Indices
    calibration: Indices
    tested: Indices


def final_parts(split: Split) -> Parts:
    """Thresholds from the validation part, figures from the test part."""
    return Parts(split.train, split.validation, split.test)


def development_parts(split: Split, seed: int) -> Parts:
    """For choosing a detector: half of the validation part for thresholds, half for figures, and no test window."""
    drawn = np.random.default_rng(seed).permutation(split.validation)
    half = len(drawn) // 2
    return Parts(split.train, np.sort(drawn[:half]), np.sort(drawn[half:]))
