"""What an attack answers: the perturbed windows, and whether the attack itself looks sound."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Checks:
    """Self-checks of an attack over its windows; a warning each time a figure says that the attack may be broken.

    Attributes:
        zero_gradient_share: Windows whose input gradient was exactly zero in the first step (masked or saturated).
        loss_fell_share: Windows on which the loss at the end is lower than at the clean input.
    """

    zero_gradient_share: float
    loss_fell_share: float

    def warnings(self) -> list[str]:
        """One line per figure over a tenth of the windows."""
        found = {
            "had a zero gradient: the network may mask gradients": self.zero_gradient_share,
            "lost loss under the attack: lower the step": self.loss_fell_share,
        }
        return [f"{share:.0%} of windows {what}" for what, share in found.items() if share > 0.1]


@dataclass(frozen=True)
class AttackResult:
    """Perturbed windows of the same shape as the clean ones, with the self-checks of how they came about."""

    x_adv: Tensor
    checks: Checks
