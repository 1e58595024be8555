"""PGD-MAX (Eq. 8 of the early-exit paper): one PGD per exit, and of them the one that hurts all exits most."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.ascent import Ascent
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Ball
from edgeguard.lab.attacks.objective import Objective, View, verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.result import AttackResult, Checks, averaged
from edgeguard.lab.nets.early_exit import Net


@dataclass(frozen=True)
class PGDMax(PGD):
    """One PGD on each exit, run no deeper than that exit; of its candidates each window keeps the best.

    Attributes:
        view: What is best: the largest mean of `loss` over all exits. Not an option.
        leave: Windows that the averaged exits get wrong, clean or at a candidate, are not attacked any more.
    """

    _: KW_ONLY
    view: View = field(default="average", init=False)

    def within(self, ball: Ball, net: Net, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb the windows of `ball`, the last exit first; ConfigError for a network with one exit."""
        if net.exits < 2:
            raise ConfigError(f"pgd_max needs several exits, the network has {net.exits}: take pgd")
        contest = _Contest(ball, y if target is None else target, target is not None, self.leave)
        start, parts, windows = ball.start(self.start_share, self.seed), [], []
        with attacked(net):
            if self.check or self.leave:
                contest.open(*self._compared(net, ball.x, contest.goal))
            for index in reversed(range(net.exits)):
                if not len(going := contest.going):
                    break
                goal = contest.goal[going]
                climb = self._climb(index, last=index == net.exits - 1)
                found = climb(net, ball.only(going), start[going], goal, None if target is None else goal)
                contest.enter(found.x_adv, *self._compared(net, found.x_adv, goal))
                parts.append(found.checks)
                windows.append(len(going))
        return contest.result(averaged(parts, windows), look=self.check or self.leave)

    def _climb(self, index: int, *, last: bool) -> Ascent:
        # only the last exit's forward shows all exits, by which windows can leave on the way
        return Ascent(Objective(self.loss, index), self.steps, self.step_share, self.leave and last, check=False)

    def _compared(self, net: Net, x: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            return Objective(self.loss, self.view)(net, x, goal)


@dataclass
class _Contest:
    """The best candidate of each window so far, and the windows that are still attacked."""

    ball: Ball
    goal: Tensor
    toward: bool
    leave: bool
    x_adv: Tensor = field(init=False)
    gain: Tensor = field(init=False)
    clean: Tensor = field(init=False)
    fooled: Tensor = field(init=False)
    going: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.x_adv = self.ball.x.clone()
        self.gain = self.ball.x.new_full((len(self.goal),), -torch.inf)
        self.clean = self.gain
        self.fooled = torch.zeros_like(self.goal, dtype=torch.bool)
        self.going = torch.arange(len(self.goal), device=self.goal.device)

    def open(self, loss: Tensor, logits: Tensor) -> None:
        """Look at the clean windows."""
        self.clean = self._gain(loss)
        if self.leave:
            self._drop((verdicts(logits) == self.goal) == self.toward)

    def enter(self, candidates: Tensor, loss: Tensor, logits: Tensor) -> None:
        """Compare a candidate for each window that is going with its best so far; one that fools is best of all."""
        gain = self._gain(loss)
        better = gain > self.gain[self.going]
        fooled = (verdicts(logits) == self.goal[self.going]) == self.toward
        if self.leave:
            better |= fooled
        winners = self.going[better]
        self.x_adv[winners], self.gain[winners] = candidates[better], gain[better]
        if self.leave:
            self._drop(fooled)

    def result(self, checks: Checks, *, look: bool) -> AttackResult:
        """What is best; `look` says whether the clean windows were looked at."""
        if look:
            fell = (self.gain < self.clean) & ~self.fooled
            checks = Checks(checks.zero_gradient_share, _share(fell), _share(self.clean == 0))
        return AttackResult(self.x_adv, checks, self.fooled if self.leave else None)

    def _gain(self, loss: Tensor) -> Tensor:
        return -loss if self.toward else loss

    def _drop(self, fooled: Tensor) -> None:
        self.fooled[self.going] = fooled
        self.going = self.going[~fooled]


def _share(windows: Tensor) -> float:
    return float(windows.float().mean())
