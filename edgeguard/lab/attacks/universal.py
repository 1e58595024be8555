"""One perturbation for all windows, as it could be played into a stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.knowledge import Knowledge
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net
from edgeguard.signals.inputs import require_signal
from edgeguard.signals.universal import UniversalPerturbation


@dataclass(frozen=True)
class Universal:
    """A universal perturbation that was made before, added to every window.

    Attributes:
        threat: The ball around each window that is not left, whatever ball the perturbation was made in.
        perturbation: What is added.
    """

    threat: Threat
    perturbation: UniversalPerturbation

    def prepared(self, net: Net, knowledge: Knowledge) -> Universal:  # noqa: ARG002 (the contract of attacks)
        """Itself; ConfigError where it was made for another signal, or the windows are none."""
        self.perturbation.require_fits(require_signal(knowledge.signal, "a universal perturbation is for"))
        return self

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:  # noqa: ARG002 (the contract of attacks)
        """Perturb x (batch, channels, time); ConfigError for another shape or a target."""
        if target is not None:
            raise ConfigError("a universal perturbation goes to no chosen class: attack without a target")
        values = self.perturbation.values
        if x.shape[1:] != values.shape:
            raise ConfigError(
                f"the universal perturbation has shape {values.shape}, the windows {tuple(x.shape[1:])}: "
                "take one made for this signal"
            )
        return AttackResult(added(self.threat, x, torch.tensor(values, dtype=x.dtype, device=x.device)), Checks())


def added(threat: Threat, x: Tensor, values: Tensor) -> Tensor:
    """Windows x + values, within the balls and bounds of `threat`."""
    return threat.ball(x).project(x + values)


def universal_from_file(threat: Threat, *, file: str) -> Universal:
    """The attack with the perturbation that lies in `file`; DataError where none does."""
    return Universal(threat, UniversalPerturbation.load(Path(file)))
