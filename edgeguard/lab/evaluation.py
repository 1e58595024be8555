"""One run measured on its test part: clean, per exit, calibrated, and attacked over a list of ε."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import Floats, ensemble, probabilities
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.result import Checks, averaged
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.calibration import Calibration, calibrate
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import EvaluationTable, Recipe
from edgeguard.metrics.calibration import brier_score, expected_calibration_error, negative_log_likelihood
from edgeguard.metrics.classification import accuracy, weighted_f1
from edgeguard.metrics.detection import auroc, tpr_at_fpr
from edgeguard.metrics.intervals import share_interval

ATTACK_SEED: Final = 0
_BATCH: Final = 250


@dataclass(frozen=True)
class Attacked:
    """The test windows under one attack: perturbed windows, their logits, and the attack's self-checks."""

    epsilon: float
    x_adv: NDArray[np.float32]
    logits: NDArray[np.float32]
    checks: Checks


@dataclass(frozen=True)
class Evaluation:
    """All that was measured; `figures` is the JSON, the arrays are what plots need."""

    figures: dict[str, Any]
    x: NDArray[np.float32]
    y: Labels
    logits: NDArray[np.float32]
    attacked: Sequence[Attacked]
    calibration: Calibration


def evaluate(
    net: Net,
    recipe: Recipe,
    dataset: Dataset,
    split: Split,
    on_attack: Callable[[float], None] = lambda _: None,
) -> Evaluation:
    """Measure `net` on the test part of `dataset`; `on_attack` is told each ε before its attack begins.

    The validation part serves as clean calibration data. The ensemble's figures are those of the device, with its
    temperature; ``ece_uncalibrated`` is without, as papers report it. Exits have no temperature.
    """
    x, y = dataset.x[split.test], dataset.y[split.test]
    calibration = calibrate(net, dataset.x[split.validation], dataset.y[split.validation], recipe.calibration)
    logits = logits_of(net, x)
    attacked = []
    for epsilon in recipe.evaluation.epsilons:
        on_attack(epsilon)
        attacked.append(attack(net, x, y, epsilon, recipe.evaluation.steps))
    bins = recipe.evaluation.ece_bins
    figures: dict[str, Any] = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "exits": net.exits,
        "test_windows": len(y),
        "clean": _classification(logits, y, calibration, bins),
        "calibration": _alarm_figures(calibration, logits),
        "pgd": [_attack_figures(result, logits, y, calibration, recipe.evaluation) for result in attacked],
    }
    figures["warnings"] = _warnings(figures["pgd"])
    return Evaluation(figures, x, y, logits, attacked, calibration)


def attack(net: Net, x: NDArray[np.float32], y: Labels, epsilon: float, steps: int) -> Attacked:
    """PGD on the last exit at ε over all windows, in batches; the checks are averaged over them."""
    pgd = PGD(Threat(epsilon), steps=steps, seed=ATTACK_SEED)
    device = next(net.parameters()).device
    batches = zip(*(torch.split(torch.from_numpy(part), _BATCH) for part in (x, y)), strict=True)
    parts = [pgd(net, windows.to(device), labels.to(device)) for windows, labels in batches]
    x_adv = np.asarray(torch.cat([part.x_adv.cpu() for part in parts]).numpy())
    checks = averaged([part.checks for part in parts], [len(part.x_adv) for part in parts])
    return Attacked(epsilon, x_adv, logits_of(net, x_adv), checks)


def _classification(logits: NDArray[np.float32], y: Labels, calibration: Calibration, bins: int) -> dict[str, Any]:
    """Figures of the ensemble and of each exit."""
    exits = probabilities(logits)
    return {
        "ensemble": {
            **_figures(calibration.verdict(logits), y, bins),
            "ece_uncalibrated": expected_calibration_error(ensemble(exits), y, bins),
        },
        "exits": [_figures(exits[:, index], y, bins) for index in range(exits.shape[1])],
    }


def _figures(verdict: Floats, y: Labels, bins: int) -> dict[str, float]:
    return {
        "f1": weighted_f1(verdict, y),
        "accuracy": accuracy(verdict, y),
        "ece": expected_calibration_error(verdict, y, bins),
        "nll": negative_log_likelihood(verdict, y),
        "brier": brier_score(verdict, y),
    }


def _alarm_figures(calibration: Calibration, logits: NDArray[np.float32]) -> dict[str, Any]:
    """The alarm rule, and how often it fired on the clean test windows."""
    alarms = int((calibration.scores(logits) > calibration.threshold).sum())
    return {
        "temperature": calibration.temperature,
        "score": calibration.score,
        "threshold": calibration.threshold,
        "calibration_windows": calibration.windows,
        "promised_false_alarm_rate": calibration.false_alarm_rate,
        "observed_false_alarm_rate": alarms / len(logits),
        "observed_interval": list(share_interval(alarms, len(logits))),
    }


def _attack_figures(
    result: Attacked, clean: NDArray[np.float32], y: Labels, calibration: Calibration, table: EvaluationTable
) -> dict[str, Any]:
    before, after = probabilities(clean), probabilities(result.logits)
    detection = {
        name: {"auroc": auroc(score(before), score(after)), "tpr_at_1_fpr": tpr_at_fpr(score(before), score(after))}
        for name, score in SCORES.items()
    }
    return {
        "epsilon": result.epsilon,
        "steps": table.steps,
        **_classification(result.logits, y, calibration, table.ece_bins),
        "alarm_rate": float((calibration.scores(result.logits) > calibration.threshold).mean()),
        "detection": detection if after.shape[1] > 1 else {},
        "checks": asdict(result.checks),
        "warnings": result.checks.warnings(),
    }


def _warnings(attacks: list[dict[str, Any]]) -> list[str]:
    """What looks broken about the attacks together: a stronger one should not leave more windows right."""
    found = [f"ε {a['epsilon']}: {warning}" for a in attacks for warning in a["warnings"]]
    ordered = sorted(attacks, key=lambda a: float(a["epsilon"]))
    for weaker, stronger in pairwise(ordered):
        last = [a["exits"][-1]["accuracy"] for a in (weaker, stronger)]  # the exit that PGD attacks
        if last[1] > last[0] + 0.02:
            found.append(f"accuracy rises from ε {weaker['epsilon']} to {stronger['epsilon']}: the attack looks broken")
    return found
