"""The same windows under every attack: naive ones, and for each score the attacker who knows it and its threshold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.attacking import attacks_at, perturb
from edgeguard.lab.attacks import Attack, attack_named
from edgeguard.lab.attacks.disagreement import DIFFERENTIABLE
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.threat import threat_at
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.detection.detector import Batch
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.radius import Epsilon
from edgeguard.lab.recipe import EvaluationTable

NAIVE: Final = ("pgd", "pgd_avg", "pgd_max", "apgd_ce", "pgd_margin", "square", "uap")


@dataclass(frozen=True)
class AttackedSet:
    """Windows under one attack.

    Attributes:
        attack: What it is called in figures.
        knows: The disagreement score whose threshold the attacker stays under; None for a naive one.
        x: The perturbed windows.
        logits: Theirs, (n, exits, classes).
        wrong: Whose verdict is wrong (n,): what does harm.
        warnings: Of the attack's self-checks.
    """

    attack: str
    knows: str | None
    x: Batch
    logits: Batch
    wrong: NDArray[np.bool_]
    warnings: list[str]


@dataclass(frozen=True)
class Attackers:
    """What is known to whom.

    Attributes:
        table: Of the recipe: norm, bounds, and attacks with their options; those of ``quiet`` are for every quiet
            attack, but for score and threshold.
        knowledge: What every attacker may know.
        thresholds: Alarm threshold of each disagreement score; those with a gradient get a quiet attack.
    """

    table: EvaluationTable
    knowledge: Knowledge
    thresholds: Mapping[str, float]

    def sets(
        self, net: Net, epsilon: Epsilon, x: Batch, y: Labels, on_attack: Callable[[str], None]
    ) -> Iterator[AttackedSet]:
        """Windows x (n, channels, time…) of classes y (n,) under every attack at one radius, the quiet ones last.

        `on_attack` is told of each before it begins.
        """
        for name, (knows, attack) in {**self._naive(epsilon), **self._quiet(epsilon)}.items():
            on_attack(name)
            x_adv, checks = perturb(net, prepared(attack, net, self.knowledge), x, y)
            logits = logits_of(net, x_adv)
            wrong = ensemble(probabilities(logits)).argmax(axis=1) != y
            yield AttackedSet(name, knows, x_adv, logits, wrong, checks.warnings())

    def _naive(self, epsilon: Epsilon) -> dict[str, tuple[None, Attack]]:
        naive = {name: options for name, options in self.table.attacks.items() if name != "quiet"}
        found = attacks_at(msgspec.structs.replace(self.table, attacks=naive), epsilon)
        return {name: (None, attack) for name, attack in found.items()}

    def _quiet(self, epsilon: Epsilon) -> dict[str, tuple[str, Attack]]:
        threat = threat_at(epsilon, self.table.norm, self.table.bounds)
        given = self.table.attacks.get("quiet", {})
        known = {name: threshold for name, threshold in self.thresholds.items() if name in DIFFERENTIABLE}
        return {
            quiet_row(score): (
                score,
                attack_named("quiet", threat, {**given, "score": score, "threshold": threshold}),
            )
            for score, threshold in known.items()
        }


def quiet_row(score: str) -> str:
    """What the attack on the alarm of `score` is called."""
    return f"quiet: {score}"
