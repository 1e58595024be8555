"""Auto-PGD (Croce & Hein 2020): PGD with momentum that finds its own step size, window by window."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from typing import ClassVar, Final

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Ball
from edgeguard.lab.attacks.objective import LossName, Objective, View
from edgeguard.lab.attacks.result import AttackResult
from edgeguard.lab.attacks.search import Aim, Found, PerWindow, of_each, share
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net

_FIRST_STEP: Final = 2.0  # as a share of ε
_MOMENTUM: Final = 0.25  # of the last move; 1 - α in the paper
_RISING: Final = 0.75  # ρ: a step size is kept where the loss rose in so many of the steps
_START_SHARE: Final = 0.5  # as a share of ε


@dataclass(frozen=True)
class AutoPGD:
    """Algorithm 1 of Croce & Hein from random points; of all that it meets, the point of the highest loss.

    Which loss that is, subclasses say.

    Attributes:
        threat: The ball that is never left.
        steps: Number of gradient steps from each start.
        restarts: Number of random starts.
        view: The exits it looks at.
        seed: Of the random starts.
        leave: Windows that the averaged exits get wrong leave the batch: faster, for robust accuracy.
        check: Whether the result carries self-checks.
    """

    loss: ClassVar[LossName]
    loss_toward: ClassVar[LossName]

    threat: Threat
    _: KW_ONLY
    steps: int = 100
    restarts: int = 1
    view: View = "last"
    seed: int = 0
    leave: bool = False
    check: bool = True

    def __post_init__(self) -> None:
        if self.steps < 1 or self.restarts < 1:
            raise ConfigError(f"APGD needs steps ≥ 1 and restarts ≥ 1, not {self.steps}, {self.restarts}")

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) away from its true classes y (batch,), or toward `target` where given."""
        loss, goal = (self.loss, y) if target is None else (self.loss_toward, target)
        aim = Aim(Objective(loss, self.view, whole=self.leave), toward=target is not None)
        with attacked(net):
            return self._searched(net, aim, self.threat.ball(x), goal)

    def _searched(self, net: Net, aim: Aim, ball: Ball, goal: Tensor) -> AttackResult:
        found, clean, zero_share = Found(ball.x, leave=self.leave), None, 0.0
        if self.check or self.leave:
            clean, fooled = aim.look(net, ball.x, goal)
            found.leaving(found.going, ball.x, fooled)
        for restart in range(self.restarts):
            if len(going := found.going):
                start = ball.start(_START_SHARE, self.seed + restart)[going]
                climb = _Climb.begun(going, goal[going], ball.only(going), start)
                zeros = self._climbed(net, aim, climb, found)
                zero_share = zero_share if restart else zeros
        return found.result(clean, zero_share, None if clean is None else share(clean == 0))

    def _climbed(self, net: Net, aim: Aim, climb: _Climb, found: Found) -> float:
        """Climb to the end of the steps; answers the share of windows without a gradient at the start."""
        lengths, zero_share = checkpoints(self.steps), 0.0
        for step in range(self.steps + 1):
            if step:
                climb.step(momentum=_MOMENTUM if step > 1 else 0.0)
            fooled = climb.look(net, aim)
            if not step:
                zero_share = share(climb.now.gradient.flatten(1).abs().amax(dim=1) == 0)
            if found.leaving(climb.index, climb.now.x, fooled):
                climb = climb.only(~fooled)
            if not len(climb.index):
                break
            if step in lengths:
                climb.judge(lengths[step])
        found.offer(climb.index, climb.best.x, climb.best.loss)
        return zero_share


class AutoPGDCrossEntropy(AutoPGD):
    """APGD-CE."""

    loss: ClassVar[LossName] = "cross_entropy"
    loss_toward: ClassVar[LossName] = "cross_entropy"


class AutoPGDRatio(AutoPGD):
    """APGD-DLR, for at least 3 classes; toward a class with the targeted DLR."""

    loss: ClassVar[LossName] = "dlr"
    loss_toward: ClassVar[LossName] = "dlr_targeted"


def checkpoints(steps: int) -> dict[int, int]:
    """The steps after which step sizes are judged, each with the number of steps since the one before.

    ⌈p_j · steps⌉ with p_1 = 0.22 and p_{j+1} = p_j + max(p_j − p_{j−1} − 0.03, 0.06).
    """
    hundredths = [0, 22]
    while hundredths[-1] < 100:
        hundredths.append(hundredths[-1] + max(hundredths[-1] - hundredths[-2] - 3, 6))
    ends = [-(-at * steps // 100) for at in hundredths]
    return {after: after - before for before, after in pairwise(ends) if after > before}


@dataclass
class _Point(PerWindow):
    """Points, their loss and its gradient."""

    x: Tensor
    loss: Tensor
    gradient: Tensor

    def where(self, windows: Tensor, other: _Point) -> _Point:
        """These points for some windows, the other ones elsewhere."""
        pairs = ((self.x, other.x), (self.loss, other.loss), (self.gradient, other.gradient))
        return _Point(*(torch.where(of_each(windows, mine), mine, theirs) for mine, theirs in pairs))


@dataclass
class _Climb(PerWindow):
    """Where the windows `index` of a batch are on their way up from one start."""

    index: Tensor
    goal: Tensor
    ball: Ball
    now: _Point
    best: _Point
    before: Tensor  # where they were one step ago
    step_share: Tensor  # η as a share of ε
    rises: Tensor  # steps since the last checkpoint in which the loss rose
    judged_loss: Tensor  # the best one at the last checkpoint
    halved: Tensor  # whether the step size was halved there

    @classmethod
    def begun(cls, index: Tensor, goal: Tensor, ball: Ball, start: Tensor) -> _Climb:
        lowest = start.new_full((len(start),), -torch.inf)
        now = _Point(start, -lowest, torch.zeros_like(start))  # the first look is no rise
        best = _Point(start, lowest, now.gradient)
        step_share, yes = torch.full_like(lowest, _FIRST_STEP), torch.ones_like(index, dtype=torch.bool)
        return cls(index, goal, ball, now, best, start, step_share, torch.zeros_like(index), lowest, yes)

    def step(self, momentum: float) -> None:
        x = self.now.x
        ahead = self.ball.project(x + of_each(self.step_share, x) * self.ball.uphill(self.now.gradient))
        moved = x + (1 - momentum) * (ahead - x) + momentum * (x - self.before)
        self.before, self.now.x = x, self.ball.project(moved)

    def look(self, net: Net, aim: Aim) -> Tensor:
        """Loss and gradient where the windows are now; answers which are fooled there."""
        loss, gradient, fooled = aim.climb(net, self.now.x, self.goal)
        self.rises = self.rises + (loss > self.now.loss)
        self.now = _Point(self.now.x, loss, gradient)
        self.best = self.now.where(loss > self.best.loss, self.best)
        return fooled

    def judge(self, steps: int) -> None:
        """Where the last `steps` steps brought too little, halve the step size and go back to the best point."""
        stuck = ~self.halved & (self.best.loss == self.judged_loss)
        self.halved, self.judged_loss = (self.rises < _RISING * steps) | stuck, self.best.loss
        self.step_share = torch.where(self.halved, self.step_share / 2, self.step_share)
        self.now = self.best.where(self.halved, self.now)
        self.rises = torch.zeros_like(self.rises)
