"""The policy ``agree`` of a trained network: calibrated on clean windows, measured on any."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.bundle.manifest import Agreement, Disagreement
from edgeguard.exits.agreement import MIN_EXITS, calibrate_agreement, of_stages_used, stages_used, windows_needed
from edgeguard.exits.disagreement import score_named
from edgeguard.exits.drift import clean_quantiles
from edgeguard.exits.ensemble import Floats, ensemble
from edgeguard.exits.threshold import conformal_threshold
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.recipe import CalibrationTable, Recipe
from edgeguard.metrics.intervals import share_interval


def calibrated_agreement(exit_probabilities: Floats, y: Labels, table: CalibrationTable) -> Agreement | None:
    """The policy as a bundle states it, with an alarm rule over the scores that it produces itself.

    None where the recipe asks for none, there is no exit to save, or no confidence keeps the accuracy loss.

    Args:
        exit_probabilities: (n, exits, classes) on clean calibration windows.
        y: Their classes (n,).
        table: The accuracy loss, the score and its false-alarm rate.
    """
    exits = exit_probabilities.shape[1]
    if not table.accuracy_loss or exits <= MIN_EXITS:
        return None
    confidence = calibrate_agreement(exit_probabilities, y, table.accuracy_loss)
    if confidence is None:
        return None
    stages = stages_used(exit_probabilities, confidence)
    scores = of_stages_used(score_named(table.score), exit_probabilities, stages)
    return Agreement(
        confidence=confidence,
        min_exits=MIN_EXITS,
        accuracy_loss=table.accuracy_loss,
        stages=_shares(stages, exits),
        disagreement=Disagreement(
            score=table.score,
            threshold=conformal_threshold(scores, table.false_alarm_rate),
            false_alarm_rate=table.false_alarm_rate,
            calibration_windows=len(y),
            clean_quantiles=clean_quantiles(scores),
        ),
    )


def too_few_to_agree(windows: int, recipe: Recipe) -> list[str]:
    """A line where so few calibration windows are a reason why `calibrated_agreement` will offer no policy."""
    loss = recipe.calibration.accuracy_loss
    if not loss or not recipe.net.exits or windows >= (needed := windows_needed(loss)):
        return []
    few = f"{windows} calibration windows cannot bound the accuracy loss to {loss:g}, it takes at least {needed}"
    return [f"the policy agree will not be offered: {few}"]


def agreement_figures(agreement: Agreement, exit_probabilities: Floats, y: Labels) -> dict[str, Any]:
    """What the policy takes and says: mean stages, share of windows by stages taken, accuracy, alarms.

    ``lost`` is the share of windows that all exits get right and the policy does not.
    """
    stages = stages_used(exit_probabilities, agreement.confidence, agreement.min_exits)
    right = of_stages_used(ensemble, exit_probabilities, stages).argmax(axis=1) == y
    rule = agreement.disagreement
    scores = of_stages_used(score_named(rule.score), exit_probabilities, stages)
    return {
        "mean_stages": float(stages.mean()),
        "stages": list(_shares(stages, exit_probabilities.shape[1])),
        "accuracy": float(right.mean()),
        "lost": float(((ensemble(exit_probabilities).argmax(axis=1) == y) & ~right).mean()),
        "alarm_rate": float((scores > rule.threshold).mean()),
    }


def observed_agreement(agreement: Agreement, figures: dict[str, Any], windows: int) -> Agreement:
    """The policy with what was observed on so many clean test windows, whose `agreement_figures` these are."""
    rule = msgspec.structs.replace(
        agreement.disagreement,
        observed_rate=figures["alarm_rate"],
        observed_interval=share_interval(round(figures["alarm_rate"] * windows), windows),
    )
    return msgspec.structs.replace(agreement, observed_loss=figures["lost"], disagreement=rule)


def _shares(stages: NDArray[np.int64], exits: int) -> tuple[float, ...]:
    return tuple((np.bincount(stages - 1, minlength=exits) / len(stages)).tolist())
