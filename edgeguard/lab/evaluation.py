"""One run measured on its test part: clean, per exit, calibrated, and under attacks over a list of ε."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import Floats, ensemble, probabilities
from edgeguard.lab.agreement import agreement_figures, observed_agreement
from edgeguard.lab.attacking import attacks_at, perturb
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.result import Checks
from edgeguard.lab.calibration import Calibration, calibrate
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.radius import Epsilon, radius_label, radius_size
from edgeguard.lab.recipe import Recipe
from edgeguard.lab.soundness import broken
from edgeguard.metrics.calibration import brier_score, expected_calibration_error, negative_log_likelihood
from edgeguard.metrics.classification import accuracy, weighted_f1
from edgeguard.metrics.detection import auroc, tpr_at_fpr
from edgeguard.metrics.intervals import share_interval


@dataclass(frozen=True)
class Attacked:
    """The test windows under one attack: perturbed windows, their logits, and the attack's self-checks."""

    attack: str
    view: str | int | None  # the exits it looks at, where it says so
    epsilon: Epsilon
    x_adv: NDArray[np.float32]
    logits: NDArray[np.float32]
    checks: Checks

    @property
    def label(self) -> str:
        """The radius as people read it."""
        return radius_label(self.epsilon)


@dataclass(frozen=True)
class Evaluation:
    """All that was measured; `figures` is the JSON, the arrays are what plots need.

    Attributes:
        figures: ``pgd`` holds a row per radius for the naive attack, ``attacks`` the same for each attack the recipe
            names, ``worst_case`` per radius the share of windows that are right under all of them.
        x: Test windows.
        y: Their classes.
        logits: Their clean logits.
        attacked: Under naive PGD, a radius each.
        calibration: Temperature and alarm rule.
    """

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
    on_attack: Callable[[str, str], None] = lambda _attack, _epsilon: None,
) -> Evaluation:
    """Measure `net` on the test part of `dataset`; `on_attack` is told each attack and radius before it begins.

    The validation part serves as clean calibration data, the training part as what an attacker may know. The ensemble's
    figures are those of the device, with its temperature; ``ece_uncalibrated`` is without, as papers report it. Exits
    have no temperature.
    """
    x, y = dataset.x[split.test], dataset.y[split.test]
    calibration = calibrate(net, dataset.x[split.validation], dataset.y[split.validation], recipe.calibration)
    logits = logits_of(net, x)
    knowledge = _knowledge(dataset, split, calibration)
    attacked: dict[str, list[Attacked]] = {}
    for epsilon in recipe.evaluation.epsilons:
        for name, attack in attacks_at(recipe.evaluation, epsilon).items():
            on_attack(name, radius_label(epsilon))
            x_adv, checks = perturb(net, prepared(attack, net, knowledge), x, y)
            found = Attacked(name, getattr(attack, "view", None), epsilon, x_adv, logits_of(net, x_adv), checks)
            attacked.setdefault(name, []).append(found)
    bins = recipe.evaluation.ece_bins
    rows = {
        name: [_attack_figures(result, logits, y, calibration, bins) for result in results]
        for name, results in attacked.items()
    }
    figures: dict[str, Any] = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "exits": net.exits,
        "test_windows": len(y),
        "evaluation": msgspec.to_builtins(recipe.evaluation),
        "clean": _classification(logits, y, calibration, bins),
        "calibration": _alarm_figures(calibration, logits),
        "agreement": _agreement_figures(calibration, logits, y),
        "pgd": rows["pgd"],
        "attacks": {name: found for name, found in rows.items() if name != "pgd"},
        "worst_case": _worst_case(logits, list(attacked.values()), y),
        "warnings": broken(rows),
    }
    return Evaluation(figures, x, y, logits, attacked["pgd"], calibration)


def _knowledge(dataset: Dataset, split: Split, calibration: Calibration) -> Knowledge:
    x, y = (torch.from_numpy(part[split.train]) for part in (dataset.x, dataset.y))
    return Knowledge(x, y, dataset.signal, calibration.score, calibration.threshold)


def _worst_case(clean: NDArray[np.float32], attacked: Sequence[Sequence[Attacked]], y: Labels) -> list[dict[str, Any]]:
    """Per radius: accuracy on the windows that stay right clean and under every attack measured."""
    rows = []
    for results in zip(*attacked, strict=True):
        right = [
            ensemble(probabilities(logits)).argmax(axis=1) == y for logits in (clean, *(r.logits for r in results))
        ]
        rows.append({"epsilon": results[0].epsilon, "accuracy": float(np.all(right, axis=0).mean())})
    return rows


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
        "clean_quantiles": list(calibration.clean_quantiles),
    }


def _agreement_figures(calibration: Calibration, logits: NDArray[np.float32], y: Labels) -> dict[str, Any] | None:
    """The policy ``agree`` as a bundle states it, and what it did on the clean test windows; None without one."""
    if calibration.agreement is None:
        return None
    clean = agreement_figures(calibration.agreement, probabilities(logits), y)
    return {"policy": msgspec.to_builtins(observed_agreement(calibration.agreement, clean, len(y))), "clean": clean}


def _attack_figures(
    result: Attacked, clean: NDArray[np.float32], y: Labels, calibration: Calibration, bins: int
) -> dict[str, Any]:
    before, after = probabilities(clean), probabilities(result.logits)
    detection = {
        name: {"auroc": auroc(score(before), score(after)), "tpr_at_1_fpr": tpr_at_fpr(score(before), score(after))}
        for name, score in SCORES.items()
    }
    return {
        "epsilon": result.epsilon,
        "label": result.label,
        "size": radius_size(result.epsilon),
        "view": result.view,
        **_classification(result.logits, y, calibration, bins),
        "alarm_rate": float((calibration.scores(result.logits) > calibration.threshold).mean()),
        "detection": detection if after.shape[1] > 1 else {},
        "agreement": agreement_figures(calibration.agreement, after, y) if calibration.agreement else None,
        "checks": asdict(result.checks),
        "warnings": result.checks.warnings(),
    }
