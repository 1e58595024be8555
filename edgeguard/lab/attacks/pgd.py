"""Projected gradient descent (Eq. 4-6 of the early-exit paper)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.objective import ExitCrossEntropy, Objective
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net


@dataclass(frozen=True)
class PGD:
    """x ← project(x + β sign ∇loss), from the random start x + ε1 sign(N(0, I)) of Eq. 5.

    Attributes:
        threat: The ball that is never left.
        steps: Number of gradient steps.
        step_share: β as a share of ε; the paper's is 1/4.
        start_share: ε1 as a share of ε, below 1; 0 starts at the clean window. The paper leaves it open.
        objective: The loss to raise: the last exit's cross-entropy unless told.
        seed: Of the random start.
    """

    threat: Threat
    steps: int = 20
    step_share: float = 0.25
    start_share: float = 0.5
    objective: Objective = field(default_factory=ExitCrossEntropy)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.step_share <= 0 or not 0 <= self.start_share < 1:
            raise ConfigError(
                f"PGD needs steps ≥ 1, step_share > 0 and 0 ≤ start_share < 1, not {self.steps}, "
                f"{self.step_share}, {self.start_share}"
            )

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> AttackResult:
        """Perturb x (batch, channels, time…) away from its true classes y (batch,)."""
        radius = self.threat.radius_for(x)
        with attacked(net):
            clean_loss = self.objective(net, x, y).detach()
            x_adv = self.threat.project(x + self.start_share * radius * self._signs(x), x)
            zero = torch.zeros_like(clean_loss, dtype=torch.bool)
            for step in range(self.steps):
                gradient = self._gradient(net, x_adv, y)
                if step == 0:
                    zero = gradient.flatten(1).abs().amax(dim=1) == 0
                x_adv = self.threat.project(x_adv + self.step_share * radius * gradient.sign(), x)
            fell = self.objective(net, x_adv, y).detach() < clean_loss
        return AttackResult(x_adv, Checks(float(zero.float().mean()), float(fell.float().mean())))

    def _gradient(self, net: Net, x_adv: Tensor, y: Tensor) -> Tensor:
        x_adv = x_adv.detach().requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(self.objective(net, x_adv, y).sum(), x_adv)
        return gradient

    def _signs(self, x: Tensor) -> Tensor:
        """sign(N(0, I)), drawn on the CPU so that every device starts from the same point."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn(x.shape, generator=generator).sign().to(x)


@contextmanager
def attacked(net: Net) -> Iterator[None]:
    """While open, `net` is in evaluation mode and only input gradients are computed; both are restored after."""
    training = net.training
    wanted = [parameter for parameter in net.parameters() if parameter.requires_grad]
    net.eval()
    for parameter in wanted:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in wanted:
            parameter.requires_grad_(True)
        net.train(training)
