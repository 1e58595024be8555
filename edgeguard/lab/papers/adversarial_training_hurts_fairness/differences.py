"""A net held against the reference net, seed by seed: does its defense harm fairness?"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any, Final

from scipy.special import stdtrit

from edgeguard.lab.papers.adversarial_training_hurts_fairness.answer import HARMS, HELPS

NOT_SHOWN: Final = "no difference shown"
UNKNOWN: Final = "one seed tells nothing"
ROUNDING: Final = 0.0005


def paired(values: Sequence[float | None], reference: Sequence[float | None]) -> dict[str, Any] | None:
    """Mean difference over seeds of a figure that is larger where less is fair, its 95 % interval, and a verdict.

    The interval is Student's t of the differences between nets of the same seed: it tells how nets differ that are
    trained again, not how other test samples would. None where no seed has both figures.
    """
    pairs = [(a, b) for a, b in zip(values, reference, strict=True) if a is not None and b is not None]
    if not pairs:
        return None
    apart = [a - b for a, b in pairs]
    if len(apart) == 1:
        return {"mean": apart[0], "low": None, "high": None, "values": apart, "verdict": UNKNOWN}
    half = float(stdtrit(len(apart) - 1, 0.975)) * stdev(apart) / len(apart) ** 0.5
    low, high = mean(apart) - half, mean(apart) + half
    return {"mean": mean(apart), "low": low, "high": high, "values": apart, "verdict": _verdict(low, high)}


def _verdict(low: float, high: float) -> str:
    """What an interval shows; one that reaches no further than the rounding of tables shows nothing."""
    if max(abs(low), abs(high)) < ROUNDING:
        return NOT_SHOWN
    return HARMS if low > 0 else HELPS if high < 0 else NOT_SHOWN
