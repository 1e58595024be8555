"""What an attack answers: the perturbed windows, and whether the attack itself looks sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean

from torch import Tensor


@dataclass(frozen=True)
class Checks:
    """Self-checks of an attack over its windows, each a share of them; None where a check does not apply.

    Attributes:
        zero_gradient_share: Windows whose input gradient was exactly zero in the first step (masked or saturated).
        loss_fell_share: Windows on which the loss at the end is lower than at the clean input.
        saturated_share: Windows whose clean loss is exactly zero in float32: their logits leave no slope to climb.
    """

    zero_gradient_share: float | None = None
    loss_fell_share: float | None = None
    saturated_share: float | None = None

    def warnings(self) -> list[str]:
        """One line per share over a tenth of the windows."""
        found = {
            "had a zero gradient: the network may mask gradients": self.zero_gradient_share,
            "lost loss under the attack: lower the step": self.loss_fell_share,
            "have saturated logits: attack them with the margin loss": self.saturated_share,
        }
        return [f"{share:.0%} of windows {what}" for what, share in found.items() if share is not None and share > 0.1]


def averaged(parts: Sequence[Checks], windows: Sequence[int]) -> Checks:
    """The checks of all windows from those of batches of so many windows."""
    names = [field.name for field in fields(Checks)]
    return Checks(**{name: _average([getattr(part, name) for part in parts], windows) for name in names})


def _average(shares: Sequence[float | None], windows: Sequence[int]) -> float | None:
    known = [(share, count) for share, count in zip(shares, windows, strict=True) if share is not None and count]
    return fmean([share for share, _ in known], [count for _, count in known]) if known else None


@dataclass(frozen=True)
class AttackResult:
    """Perturbed windows of the same shape as the clean ones, with the self-checks of how they came about.

    Attributes:
        x_adv: The perturbed windows.
        checks: Whether the attack looks sound.
        fooled: Windows (batch,) that the averaged exits get wrong at x_adv; None where the attack did not look.
    """

    x_adv: Tensor
    checks: Checks
    fooled: Tensor | None = None
