"""The policy ``agree``: stop after the first exits that all predict one class with confidence.

The verdict is the mean over the exits that were run. Since all of them predict the same class, so does their mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from edgeguard.errors import ConfigError
from edgeguard.exits.ensemble import Floats, ensemble
from edgeguard.exits.one_window import Row

MIN_EXITS: Final = 2  # fewer cannot disagree
ASSURANCE: Final = 0.95  # of the bound on the loss

_ROUNDING: Final = 1e-6  # a device computes the probabilities in other roundings


def stages_used(exit_probabilities: Floats, confidence: float, min_exits: int = MIN_EXITS) -> NDArray[np.int64]:
    """After how many stages the policy stops (n,), for probabilities (n, exits, classes).

    It is the first k ≥ `min_exits` at which exits 1…k predict one class and their mean probability of it is at least
    `confidence`; else all exits.
    """
    certain = _agreed_confidence(exit_probabilities, min_exits) >= confidence
    certain[:, -1] = True
    return np.asarray(certain.argmax(axis=1) + 1)


def agrees(rows: list[Row], confidence: float, min_exits: int = MIN_EXITS) -> bool:
    """Whether one window needs no more exits than these (k, classes), in plain floats; False where one is NaN."""
    if len(rows) < min_exits:
        return False
    choice = rows[0].index(max(rows[0]))
    return (
        all(row.index(max(row)) == choice for row in rows)
        and sum(row[choice] for row in rows) / len(rows) >= confidence
    )


def of_stages_used(
    function: Callable[[Floats], Floats], exit_probabilities: Floats, stages: NDArray[np.int64]
) -> Floats:
    """`function` of the exits that were run: its results for windows in the order of `exit_probabilities`.

    Args:
        function: Maps probabilities (m, k, classes) to an array over m, such as a disagreement score or `ensemble`.
        exit_probabilities: (n, exits, classes).
        stages: (n,) as `stages_used` gives them.
    """
    every = function(exit_probabilities)
    for k in np.unique(stages):
        chosen = stages == k
        every[chosen] = function(exit_probabilities[chosen, :k])
    return every


def calibrate_agreement(
    exit_probabilities: Floats, labels: NDArray[np.int64], accuracy_loss: float, min_exits: int = MIN_EXITS
) -> float | None:
    """The smallest confidence with which, at 95 % assurance, few windows are lost; None where no confidence will do.

    A window is lost where all exits together are right and the policy is wrong. The exact (Clopper-Pearson, one-sided)
    upper bound of the share of lost windows is at most `accuracy_loss`, for this confidence and all higher ones, which
    is what makes the bound hold for a confidence that was searched for (fixed-sequence testing).

    Args:
        exit_probabilities: (n, exits, classes) on clean calibration windows.
        labels: (n,) class indices.
        accuracy_loss: Largest share of windows that may be lost, in (0, 1).
        min_exits: Exits that are always run.

    Raises:
        ConfigError: `accuracy_loss` is outside (0, 1).
    """
    if not 0.0 < accuracy_loss < 1.0:
        raise ConfigError(f"the accuracy loss must lie between 0 and 1, not {accuracy_loss}: 0.01 is usual")
    if (allowed := _losses_allowed(len(labels), accuracy_loss)) is None:
        return None
    # stopping early keeps the first exit's class: what is lost then is lost at every lower confidence too
    verdict = ensemble(exit_probabilities).argmax(axis=1)
    loses = (verdict == labels) & (exit_probabilities[:, 0].argmax(axis=1) != verdict)
    agreed = _agreed_confidence(exit_probabilities[loses], min_exits)[:, :-1]
    lost_up_to: list[float] = sorted(agreed.max(axis=1, initial=0.0).tolist(), reverse=True)
    if len(lost_up_to) <= allowed or not lost_up_to[allowed]:
        return 1.0 / float(exit_probabilities.shape[-1])  # any agreement will do: the likeliest class has at least this
    confidence = lost_up_to[allowed] + _ROUNDING
    return confidence if confidence <= 1.0 else None


def windows_needed(accuracy_loss: float) -> int:
    """The fewest calibration windows with which `calibrate_agreement` can bound this loss: none of them lost."""
    return math.ceil(math.log(1 - ASSURANCE) / math.log1p(-accuracy_loss) - 1e-9)


def _losses_allowed(windows: int, accuracy_loss: float) -> int | None:
    """The most lost windows of so many with which the upper bound of their share is at most `accuracy_loss`."""
    lost = np.arange(windows)
    bounds = betaincinv(lost + 1, windows - lost, ASSURANCE)  # Clopper & Pearson 1934
    return int((bounds <= accuracy_loss).sum()) - 1 if windows >= windows_needed(accuracy_loss) else None


def _agreed_confidence(exit_probabilities: Floats, min_exits: int) -> Floats:
    """Mean probability (n, exits) of the class that exits 1…k all predict; 0 where they do not, or k < min_exits."""
    exits = exit_probabilities.shape[1]
    choices = exit_probabilities.argmax(axis=-1)
    own = np.take_along_axis(exit_probabilities, choices[:, :1, None], axis=-1)[..., 0]
    mean = np.cumsum(own, axis=1) / np.arange(1, exits + 1)
    agreed = np.logical_and.accumulate(choices == choices[:, :1], axis=1)
    agreed[:, : min_exits - 1] = False
    return np.where(agreed, mean, 0.0)
