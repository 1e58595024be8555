"""The one loop of all attacks that climb a loss by its input gradient."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from edgeguard.lab.attacks.ball import Ball
from edgeguard.lab.attacks.objective import Raised, verdicts
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.nets.early_exit import Net


@dataclass(frozen=True)
class Ascent:
    """x ← project(x + β ε uphill(∇loss)) for some steps (Eq. 4 of the early-exit paper).

    Attributes:
        objective: The loss to raise.
        steps: Number of gradient steps.
        step_share: β as a share of ε.
        leave: Windows that the averaged exits get wrong leave the batch, clean ones at once: all that robust accuracy
            asks. The objective must see all exits for it.
        check: Whether to look at the clean and the final loss for the self-checks; training has no use for them.
    """

    objective: Raised
    steps: int
    step_share: float
    leave: bool = False
    check: bool = True

    def __call__(self, net: Net, ball: Ball, start: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Climb from `start` (batch, channels, time…) within `ball`, away from y, or toward `target` where given.

        The network must be as `edgeguard.lab.attacks.attacked.attacked` leaves it.
        """
        climb = _Climb(ball, start, y if target is None else target, toward=target is not None)
        clean = zero = torch.zeros(len(y), device=y.device)
        if self.check or self.leave:
            clean, logits = climb.look(net, self.objective, ball.x)
            if self.leave:
                climb.drop(climb.fooled(logits), ball.x)
        for step in range(self.steps):
            if not len(climb.going):
                break
            gradient, logits = climb.gradient(net, self.objective)
            if step == 0:
                zero = gradient.flatten(1).abs().amax(dim=1) == 0
            if self.leave:
                gradient = gradient[climb.drop(climb.fooled(logits), climb.at)]
            climb.step(gradient, self.step_share)
        return self._result(net, climb, clean, float(zero.float().mean()) if len(zero) else 0.0)

    def _result(self, net: Net, climb: _Climb, clean: Tensor, zero_share: float) -> AttackResult:
        fooled = torch.ones(len(clean), dtype=torch.bool, device=clean.device) if self.leave else None
        fell_share = None
        if self.check or self.leave:
            final, logits = climb.look(net, self.objective, climb.at)
            rise = climb.sign * (final - clean[climb.going])
            fell_share = float((rise < 0).sum()) / max(len(clean), 1)
            if fooled is not None:
                fooled[climb.going] = climb.fooled(logits)
        climb.x_adv[climb.going] = climb.at
        saturated = float((clean == 0).float().mean()) if self.check or self.leave else None
        return AttackResult(climb.x_adv, Checks(zero_share, fell_share, saturated), fooled)


@dataclass
class _Climb:
    """Where the windows of a batch are: those still going in `at`, all in `x_adv` once they left."""

    ball: Ball
    at: Tensor
    goal: Tensor
    toward: bool
    x_adv: Tensor = field(init=False)
    going: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.x_adv = self.at.clone()
        self.going = torch.arange(len(self.goal), device=self.goal.device)

    @property
    def sign(self) -> float:
        return -1.0 if self.toward else 1.0

    def fooled(self, logits: Tensor) -> Tensor:
        return (verdicts(logits) == self.goal) == self.toward

    def look(self, net: Net, objective: Raised, x: Tensor) -> tuple[Tensor, Tensor]:
        if not len(x):  # nothing is going any more
            return x.new_zeros(0), x.new_zeros(0, net.exits, 2)
        with torch.no_grad():
            return objective(net, x, self.goal)

    def gradient(self, net: Net, objective: Raised) -> tuple[Tensor, Tensor]:
        at = self.at.detach().requires_grad_()
        with torch.enable_grad():
            loss, logits = objective(net, at, self.goal)
            (gradient,) = torch.autograd.grad(loss.sum(), at)
        return gradient, logits.detach()

    def step(self, gradient: Tensor, share: float) -> None:
        self.at = self.ball.project(self.at + self.sign * share * self.ball.uphill(gradient))

    def drop(self, leaving: Tensor, at: Tensor) -> Tensor:
        """Keep where the `leaving` ones are, go on with the others; answers their mask."""
        staying = ~leaving
        if leaving.any():
            self.x_adv[self.going[leaving]] = at[leaving]
            self.ball, self.going = self.ball.only(staying), self.going[staying]
            self.at, self.goal = self.at[staying], self.goal[staying]
        return staying
