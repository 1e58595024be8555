"""The slowdown attack: DeepSloth (Hong et al., ICLR 2021), which keeps early exits from being sure of anything."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.ascent import Ascent
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.result import AttackResult
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net


def indecision(net: Net, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG001 - a `Raised` takes classes
    """Minus the cross-entropy of the exits toward the uniform distribution, their mean (batch,); and all logits."""
    logits = net(x)
    return logits.log_softmax(dim=-1).mean(dim=(-2, -1)), logits


@dataclass(frozen=True)
class Sloth:
    """Gradient steps that make every exit say that all classes are equally likely, whatever is true.

    A device that stops once its exits agree with confidence then runs all stages; one that always runs all of them
    loses nothing but accuracy.

    Attributes:
        threat: The ball that is never left.
        steps: Number of gradient steps.
        step_share: The step as a share of ε.
        start_share: Of the random start, as a share of ε; 0 starts at the clean window.
        seed: Of the random start.
    """

    threat: Threat
    _: KW_ONLY
    steps: int = 20
    step_share: float = 0.25
    start_share: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.step_share <= 0 or not 0 <= self.start_share < 1:
            raise ConfigError(
                f"sloth needs steps ≥ 1, step_share > 0 and 0 ≤ start_share < 1, not {self.steps}, "
                f"{self.step_share}, {self.start_share}"
            )

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…); the classes y are not looked at.

        ConfigError where a target is given, and for a network with one exit.
        """
        if target is not None:
            raise ConfigError("sloth goes toward no class: give no target")
        if net.exits < 2:
            raise ConfigError("one exit cannot be left out: slow down a network with more exits")
        ball = self.threat.ball(x)
        with attacked(net):
            return Ascent(indecision, self.steps, self.step_share)(
                net, ball, ball.start(self.start_share, self.seed), y
            )
