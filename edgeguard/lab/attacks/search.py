"""What attacks that search have in common: what they are after, and windows that leave once they have it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
from torch import Tensor

from edgeguard.lab.attacks.objective import Raised, verdicts
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.nets.early_exit import Net

T = TypeVar("T", bound="PerWindow")


@dataclass(frozen=True)
class Aim:
    """An objective to raise away from the true classes, or to lower toward others.

    Attributes:
        objective: It must see all exits where `fooled` is asked for.
        toward: Whether the classes given are those to be reached.
    """

    objective: Raised
    toward: bool = False

    def loss(self, net: Net, x: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of each window (batch,), higher is better for the attacker, and the logits it came from."""
        loss, logits = self.objective(net, x, goal)
        return (-loss if self.toward else loss), logits

    def look(self, net: Net, x: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and whether the averaged exits are fooled (batch,); no gradient is computed."""
        with torch.no_grad():
            loss, logits = self.loss(net, x, goal)
        return loss, self.fooled(logits, goal)

    def climb(self, net: Net, x: Tensor, goal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, its gradient by x, and whether the averaged exits are fooled."""
        at = x.detach().requires_grad_()
        with torch.enable_grad():
            loss, logits = self.loss(net, at, goal)
            (gradient,) = torch.autograd.grad(loss.sum(), at)
        return loss.detach(), gradient, self.fooled(logits.detach(), goal)

    def fooled(self, logits: Tensor, goal: Tensor) -> Tensor:
        """Whether the averaged exits predict what the attacker wants (batch,)."""
        return (verdicts(logits) == goal) == self.toward


@dataclass
class PerWindow:
    """Base of records whose every field has one entry per window: tensors, balls and records of this kind."""

    def only(self: T, windows: Tensor) -> T:
        """The record of some windows, by mask or index."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{n: v[windows] if isinstance(v, Tensor) else v.only(windows) for n, v in values.items()})


class Found:
    """The best point of every window of a batch so far, and which windows have left because it fools.

    Args:
        x: The clean windows.
        leave: Whether windows leave at all.
    """

    def __init__(self, x: Tensor, *, leave: bool) -> None:
        self.x_adv, self.leave = x.clone(), leave
        self.loss = x.new_full((len(x),), -torch.inf)
        self.fooled = torch.zeros(len(x), dtype=torch.bool, device=x.device)

    @property
    def going(self) -> Tensor:
        """Indices of the windows that have not left."""
        return torch.nonzero(~self.fooled)[:, 0]

    def offer(self, index: Tensor, x_adv: Tensor, loss: Tensor) -> None:
        """Take the points of windows `index` whose loss is higher than what was found so far."""
        better = loss > self.loss[index]
        self.x_adv[index[better]], self.loss[index[better]] = x_adv[better], loss[better]

    def leaving(self, index: Tensor, x_adv: Tensor, fooled: Tensor) -> bool:
        """Whether any of the windows `index` leave: those that are fooled at x_adv, and only where windows leave."""
        if not self.leave or not fooled.any():
            return False
        self.x_adv[index[fooled]], self.fooled[index[fooled]] = x_adv[fooled], True
        return True

    def result(self, clean: Tensor | None, zero_share: float | None, saturated_share: float | None) -> AttackResult:
        """The answer, with self-checks against the `clean` loss (batch,) where it is known."""
        fell = None if clean is None else share((self.loss < clean) & ~self.fooled)
        return AttackResult(self.x_adv, Checks(zero_share, fell, saturated_share), self.fooled if self.leave else None)


def of_each(values: Tensor, x: Tensor) -> Tensor:
    """Values (batch,) of windows, shaped to broadcast over x (batch, channels, time…)."""
    return values.view(-1, *[1] * (x.dim() - 1))


def share(windows: Tensor) -> float:
    """The share of windows, a mask, that are True; 0 where there are none."""
    return float(windows.float().mean()) if len(windows) else 0.0
