"""Smooth adversarial perturbations of physiological signals (Han et al., Nature Medicine 2020)."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from functools import cache
from itertools import product
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.ascent import Ascent
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Ball, Bounds, LinfBall
from edgeguard.lab.attacks.objective import LossName, Objective, View
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.result import AttackResult
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net

_SIZES: Final = (5, 7, 11, 15, 19)
_SIGMAS: Final = (1.0, 3.0, 5.0, 7.0, 10.0)


@dataclass(frozen=True)
class SAP:
    """x + K ∗ θ with θ by sign steps from what PGD found; K is a low pass, so nothing looks like a square wave.

    The authors average the convolutions with 25 Gaussian kernels, which is one convolution with their mean K. Its
    weights are positive and sum to 1, so |x_adv − x| ≤ max |θ| ≤ ε.

    Attributes:
        threat: The l∞ ball that is never left.
        steps: Number of steps of θ.
        initial_steps: Number of steps of PGD, from the clean window, that find the first θ.
        step_share: Of both, as a share of ε.
        loss: What is raised.
        view: The exits it looks at.
        leave: Windows that the averaged exits get wrong leave the batch: faster, for robust accuracy.
        check: Whether the result carries self-checks.
    """

    threat: Threat
    _: KW_ONLY
    steps: int = 40
    initial_steps: int = 20
    step_share: float = 0.1
    loss: LossName = "cross_entropy"
    view: View = "last"
    leave: bool = False
    check: bool = True

    def __post_init__(self) -> None:
        if self.steps < 1 or self.initial_steps < 1 or self.step_share <= 0:
            raise ConfigError(
                f"SAP needs steps ≥ 1, initial_steps ≥ 1 and step_share > 0, not {self.steps}, {self.initial_steps}, "
                f"{self.step_share}"
            )
        if self.threat.norm != "linf":
            raise ConfigError(f"SAP needs a linf ball, not {self.threat.norm}: give norm linf")

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time) away from its true classes y (batch,), or toward `target` where given.

        ConfigError for windows that are no signals.
        """
        if x.dim() != 3:
            raise ConfigError(f"SAP smooths signals (batch, channels, time), not windows of shape {list(x.shape[1:])}")
        ball = self.threat.ball(x)
        pgd = PGD(
            self.threat,
            steps=self.initial_steps,
            step_share=self.step_share,
            start_share=0.0,
            loss=self.loss,
            view=self.view,
            check=False,
        )
        theta = pgd.within(ball, net, y, target).x_adv - x
        objective = _Smoothed(Objective(self.loss, self.view, whole=self.leave), self.threat.bounds)
        ascent = Ascent(objective, self.steps, self.step_share, self.leave, self.check)
        with attacked(net):
            result = ascent(net, _stacked_ball(ball), torch.cat([x, theta], dim=1), y, target)
        return replace(result, x_adv=ball.project(_perturbed(result.x_adv, self.threat.bounds)))


@dataclass(frozen=True)
class _Smoothed:
    """An objective of x and θ, stacked along the channels: what the ascent climbs then knows each window's x."""

    objective: Objective
    bounds: Bounds

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return self.objective(net, _perturbed(x, self.bounds), y)


def _stacked_ball(ball: Ball) -> LinfBall:
    """Around (x, 0), of radius 0 for x and ε for θ."""
    radius = ball.radius.expand(ball.x[:, :, :1].shape)
    return LinfBall(
        torch.cat([ball.x, torch.zeros_like(ball.x)], dim=1), torch.cat([torch.zeros_like(radius), radius], dim=1)
    )


def _perturbed(stacked: Tensor, bounds: Bounds) -> Tensor:
    x, theta = stacked.chunk(2, dim=1)
    x_adv = x + smoothed(theta)
    return x_adv if bounds is None else x_adv.clamp(*bounds)


def smoothed(theta: Tensor) -> Tensor:
    """Each channel of θ (batch, channels, time) under the smoothing kernel, with zeros beyond both ends."""
    kernel = smoothing_kernel().to(theta).expand(theta.shape[1], 1, -1)
    return F.conv1d(theta, kernel, padding="same", groups=theta.shape[1])


@cache
def smoothing_kernel() -> Tensor:
    """The mean of the Gaussian kernels of every size and σ, each with sum 1 and centered in zeros: (19,)."""
    kernels = []
    for size, sigma in product(_SIZES, _SIGMAS):
        weights = torch.exp(-torch.arange(-(size // 2), size // 2 + 1).square() / (2 * sigma**2))
        kernels.append(F.pad(weights / weights.sum(), [(max(_SIZES) - size) // 2] * 2))
    return torch.stack(kernels).mean(dim=0)
