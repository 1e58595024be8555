"""One run measured on its test part: clean, per exit, calibrated, and under attacks over a list of ε."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from edgeguard.bundle.fingerprint import calibration_fingerprint
from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import Floats, ensemble, probabilities
from edgeguard.lab.agreement import agreement_figures, observed_agreement, too_few_to_agree
from edgeguard.lab.attacking import attacks_at, perturb
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.result import Checks
from edgeguard.lab.calibration import Calibration, calibrate
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.fairness_figures import attacked_fairness, clean_fairness, groups_tested, robustness_epsilon
from edgeguard.lab.group_figures import class_figures, group_accuracy, group_figures, wearers_tested
from edgeguard.lab.inference import logits_of, precision_of
from edgeguard.lab.least_epsilon import least_epsilons
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.radius import Epsilon, radius_label, radius_size
from edgeguard.lab.recipe import EvaluationTable, Recipe
from edgeguard.lab.soundness import broken
from edgeguard.metrics.calibration import brier_score, expected_calibration_error, negative_log_likelihood
from edgeguard.metrics.classification import accuracy, weighted_f1
from edgeguard.metrics.detection import auroc, tpr_at_fpr
from edgeguard.metrics.intervals import share_interval
from edgeguard.metrics.per_class import macro_f1


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
        picked: Indices of those that are attacked.
        attacked: Under naive PGD, a radius each.
        calibration: Temperature and alarm rule.
    """

    figures: dict[str, Any]
    x: NDArray[np.float32]
    y: Labels
    logits: NDArray[np.float32]
    picked: NDArray[np.int64]
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
    picked = windows_to_attack(y, recipe.evaluation.attacked_windows, recipe.seed)
    knowledge = _knowledge(dataset, split, calibration)
    attacked: dict[str, list[Attacked]] = {}
    for epsilon in recipe.evaluation.epsilons:
        for name, attack in attacks_at(recipe.evaluation, epsilon, dataset.signal.limits).items():
            on_attack(name, radius_label(epsilon))
            x_adv, checks = perturb(net, prepared(attack, net, knowledge), x[picked], y[picked])
            found = Attacked(name, getattr(attack, "view", None), epsilon, x_adv, logits_of(net, x_adv), checks)
            attacked.setdefault(name, []).append(found)
    bins = recipe.evaluation.ece_bins
    verdict, groups = calibration.verdict(logits), groups_tested(dataset, split, recipe.evaluation.intersections)
    predicted = verdict.argmax(axis=1)

    def row(result: Attacked) -> dict[str, Any]:
        said = calibration.verdict(result.logits)
        return {
            **_attack_figures(result, logits[picked], y[picked], calibration, bins),
            "groups": group_accuracy(said.argmax(axis=1), dataset, split.test[picked]),
            "fairness": attacked_fairness(verdict[picked], said, groups.at(picked)),
        }

    rows = {name: [row(result) for result in results] for name, results in attacked.items()}
    fairness = clean_fairness(verdict, groups)
    if recipe.evaluation.least_epsilons:
        most = max(map(radius_size, recipe.evaluation.epsilons))
        on_attack("least ε", f"up to {most:g}")
        least = _least_epsilons(net, recipe.evaluation, x[picked], y[picked], most)
        robustness_epsilon(fairness, least, most, groups.at(picked))
    figures: dict[str, Any] = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "exits": net.exits,
        "split": msgspec.to_builtins(recipe.data.split),
        "wearers": wearers_tested(dataset, split),
        "test_windows": len(y),
        "attacked_windows": len(picked),
        "evaluation": msgspec.to_builtins(recipe.evaluation),
        "clean": {
            **_classification(logits, y, calibration, bins),
            "macro_f1": macro_f1(predicted, y),
            "per_class": class_figures(predicted, y, dataset.classes),
            "groups": group_figures(predicted, dataset, split.test),
            "fairness": fairness,
        },
        "calibration": {
            **_alarm_figures(calibration, logits),
            "calibrated_for": calibration_fingerprint(dataset.signal, precision_of(net)),
        },
        "agreement": _agreement_figures(calibration, logits, y),
        "pgd": rows["pgd"],
        "attacks": {name: found for name, found in rows.items() if name != "pgd"},
        "worst_case": _worst_case(logits[picked], list(attacked.values()), y[picked]),
        "warnings": [*too_few_to_agree(calibration.windows, recipe), *broken(rows)],
    }
    return Evaluation(figures, x, y, logits, picked, attacked["pgd"], calibration)


def windows_to_attack(y: Labels, count: int | None, seed: int) -> NDArray[np.int64]:
    """Indices of about `count` windows, drawn with `seed`: of each class its share, but at least one; all for None."""
    if count is None or count >= len(y):
        return np.arange(len(y))
    rng = np.random.default_rng(seed)
    drawn = []
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        share = max(1, round(count * len(members) / len(y)))
        drawn.append(rng.choice(members, share, replace=False))
    return np.sort(np.concatenate(drawn))


def _least_epsilons(
    net: Net, table: EvaluationTable, x: NDArray[np.float32], y: Labels, most: float
) -> NDArray[np.float64]:
    """Of PGD as the table has it, within a hundredth of the largest ε."""
    options = {"steps": table.steps, **table.attacks.get("pgd", {})}
    return least_epsilons(
        net,
        x,
        y,
        most=most,
        tolerance=most / 100,
        norm=table.norm,
        bounds=table.bounds,
        **options,
    )


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
