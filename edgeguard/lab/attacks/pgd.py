"""Projected gradient descent (Eq. 4-6 of the early-exit paper)."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.ascent import Ascent
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Ball
from edgeguard.lab.attacks.objective import LossName, Objective, View
from edgeguard.lab.attacks.result import AttackResult
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
        loss: What is raised.
        view: The exits it looks at: the last one, as a naive attacker does, unless told.
        seed: Of the random start.
        leave: Windows that the averaged exits get wrong leave the batch: faster, for robust accuracy.
        check: Whether the result carries self-checks.
    """

    threat: Threat
    _: KW_ONLY
    steps: int = 20
    step_share: float = 0.25
    start_share: float = 0.5
    loss: LossName = "cross_entropy"
    view: View = "last"
    seed: int = 0
    leave: bool = False
    check: bool = True

    def __post_init__(self) -> None:
        if self.steps < 1 or self.step_share <= 0 or not 0 <= self.start_share < 1:
            raise ConfigError(
                f"PGD needs steps ≥ 1, step_share > 0 and 0 ≤ start_share < 1, not {self.steps}, "
                f"{self.step_share}, {self.start_share}"
            )

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) away from its true classes y (batch,), or toward `target` where given."""
        return self.within(self.threat.ball(x), net, y, target)

    def within(self, ball: Ball, net: Net, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """The same within a given ball, such as one of another radius for each window."""
        objective = Objective(self.loss, self.view, whole=self.leave)
        ascent = Ascent(objective, self.steps, self.step_share, self.leave, self.check)
        with attacked(net):
            return ascent(net, ball, ball.start(self.start_share, self.seed), y, target)
