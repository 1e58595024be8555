"""What was measured of a run, each figure kept beside its weights as soon as it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from edgeguard import files
from edgeguard.errors import DataError
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.accelerator import fabric_on
from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks import Attack, attack_named
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.calibration import calibrate
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.evaluation import windows_to_attack
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.metrics.calibration import expected_calibration_error
from edgeguard.metrics.classification import weighted_f1


@dataclass(frozen=True)
class Question:
    """One measurement: a registered attack with its options at an l∞ ε, or clean windows where `attack` is None."""

    attack: str | None
    options: Mapping[str, Any]
    epsilon: float | None
    ece_bins: int

    def built(self) -> Attack:
        """The attack; ConfigError where there is none of that name, or it has no such option."""
        if self.attack is None or self.epsilon is None:
            raise ValueError("clean windows are not attacked")
        return attack_named(self.attack, Threat(self.epsilon), self.options)

    @property
    def key(self) -> str:
        """The same question has the same key, whatever code answers it."""
        asked = {
            "attack": self.attack,
            "options": dict(self.options),
            "epsilon": self.epsilon,
            "ece_bins": self.ece_bins,
        }
        return msgspec.json.encode(asked, order="deterministic").decode()


class MeasuredRun:
    """A trained run, and answers about its test windows: figures of the averaged exits, without temperature.

    Where `windows` is given, about so many of the test windows are asked about: see `windows_to_attack`.
    """

    def __init__(self, run: Run, dataset: Dataset, device: str, windows: int | None = None) -> None:
        self._run, self._dataset, self._device, self._windows = run, dataset, device, windows

    @property
    def path(self) -> Path:
        """Where the answers are kept."""
        return self._run.folder / f"measured{'' if self._windows is None else f'-{self._windows}'}.json"

    def known(self, question: Question) -> dict[str, Any] | None:
        """The answer, where it was given before."""
        return self._answers().get(question.key)

    def answer(self, question: Question) -> dict[str, Any]:
        """F1 and ECE of the averaged exits, F1 of the last exit, and the attack's warnings; kept at once."""
        x, y = self._part(self._asked_about)
        warnings: list[str] = []
        if question.attack is not None:
            attack = prepared(question.built(), self._net, self._knowledge)
            x, checks = perturb(self._net, attack, x, y)
            warnings = checks.warnings()
        found = {**figures(logits_of(self._net, x), y, question.ece_bins), "warnings": warnings}
        files.write_json(self.path, {**self._answers(), question.key: found})
        return found

    @cached_property
    def _net(self) -> Net:
        return self._run.net().to(fabric_on(self._device).device)

    @cached_property
    def _knowledge(self) -> Knowledge:
        calibration = calibrate(self._net, *self._part(self._split.validation), self._run.recipe().calibration)
        device = next(self._net.parameters()).device
        x, y = (torch.from_numpy(part).to(device) for part in self._part(self._split.train))
        return Knowledge(x, y, self._dataset.signal, calibration.score, calibration.threshold)

    @cached_property
    def _asked_about(self) -> NDArray[np.int64]:
        test = self._split.test
        return test[windows_to_attack(self._dataset.y[test], self._windows, self._run.recipe().seed)]

    @cached_property
    def _split(self) -> Split:
        return split_from_recipe(self._run.recipe(), self._dataset)

    def _part(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.float32], Labels]:
        return self._dataset.x[chosen], self._dataset.y[chosen]

    def _answers(self) -> dict[str, dict[str, Any]]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, dict[str, Any]])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise DataError(f"{self.path} cannot be read ({error}): remove it to measure again") from error


def figures(logits: NDArray[np.float32], y: Labels, ece_bins: int) -> dict[str, float]:
    """Of logits (n, exits, classes): as the paper reports them, so without temperature."""
    exits = probabilities(logits)
    verdict = ensemble(exits)
    return {
        "f1": weighted_f1(verdict, y),
        "ece": expected_calibration_error(verdict, y, ece_bins),
        "f1_last_exit": weighted_f1(exits[:, -1], y),
    }
