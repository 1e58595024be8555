"""What exit_gain keeps of each net under attack, and its figures over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any, Final

import msgspec
from scipy.stats import t as student

from benchmarks.ecg5000_fcnet import spread

CONFIDENCE: Final = 0.95


class Attacked(msgspec.Struct, frozen=True, kw_only=True):
    """What one attack did to one net, over its ε.

    Attributes:
        attack: Options, ε and bounds, so that figures of another attack are not taken for these.
        clean: F1 of the averaged exits without an attack.
        f1: Of the averaged exits, at each ε.
        exits: F1 of each exit, at each ε.
        transfer: Of each earlier exit, at each ε; see `edgeguard.lab.carry_over.transfer_rates`.
        alignment: Of each earlier exit; see `edgeguard.lab.carry_over.alignment`.
        gradient_l1: Of each exit.
    """

    attack: dict[str, Any]
    clean: float
    f1: list[float]
    exits: list[list[float]]
    transfer: list[list[float | None]]
    alignment: list[float | None]
    gradient_l1: list[float]


@dataclass(frozen=True)
class Pair:
    """One seed's net with exits and its undefended twin."""

    early: Attacked
    twin: Attacked

    @property
    def gain(self) -> list[float]:
        """F1 of the averaged exits above that of the twin, at each ε."""
        return [a - b for a, b in zip(self.early.f1, self.twin.f1, strict=True)]


def figures_of(setting: str, epsilons: Sequence[float], pairs: Sequence[Pair]) -> dict[str, Any]:
    """Both nets over seeds, the paired gain at each ε, and what explains it."""
    early, twin = [pair.early for pair in pairs], [pair.twin for pair in pairs]
    return {
        "setting": setting,
        "clean": {
            "early_exit": spread([net.clean for net in early]),
            "undefended": spread([net.clean for net in twin]),
        },
        "alignment": over_seeds([net.alignment for net in early]),
        "gradient_l1": {
            "early_exit": over_seeds([net.gradient_l1 for net in early]),
            "undefended": over_seeds([net.gradient_l1 for net in twin]),
        },
        "pgd": [
            {
                "epsilon": epsilon,
                "early_exit": spread([net.f1[index] for net in early]),
                "undefended": spread([net.f1[index] for net in twin]),
                "gain": paired([pair.gain[index] for pair in pairs]),
                "exits": over_seeds([net.exits[index] for net in early]),
                "transfer": over_seeds([net.transfer[index] for net in early]),
            }
            for index, epsilon in enumerate(epsilons)
        ],
    }


def over_seeds(rows: Sequence[Sequence[float | None]]) -> list[dict[str, Any] | None]:
    """For each exit, mean and spread over the seeds that have a figure; None where no seed has."""
    known = [[value for value in column if value is not None] for column in zip(*rows, strict=True)]
    return [spread(values) if values else None for values in known]


def paired(differences: Sequence[float]) -> dict[str, Any]:
    """Mean and spread of differences seed by seed, with Student's 95 % interval of the mean; none of a single seed."""
    found = {**spread(differences), "low": None, "high": None}
    if (count := len(differences)) > 1:
        reach = float(student.ppf((1 + CONFIDENCE) / 2, count - 1)) * stdev(differences) / count**0.5
        found |= {"low": mean(differences) - reach, "high": mean(differences) + reach}
    return found
