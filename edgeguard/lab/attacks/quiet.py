"""The attack on the alarm: a wrong verdict on which the exits agree more than the alarm threshold asks."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Final, Literal

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Ball
from edgeguard.lab.attacks.disagreement import DifferentiableScore, differentiable_score
from edgeguard.lab.attacks.knowledge import Knowledge
from edgeguard.lab.attacks.objective import Objective
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.attacks.search import Aim, PerWindow, of_each, share
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net

_START_SHARE: Final = 0.5  # as a share of ε
_FACTOR: Final = 2.0  # on the weight, until a window has been both loud and not fooled
_SAFE: Final = 0.999  # of the threshold: a device computes the score in other roundings


@dataclass(frozen=True)
class Quiet:
    """Sign steps along ∇loss/‖∇loss‖ − c ∇score/‖∇score‖, the second only where the score nears the threshold.

    The weight c is searched for each window as Carlini & Wagner search theirs: after every round up where the window
    is fooled and loud, down where it is not fooled, between the two once both were seen. Of all that is met, the best
    for the attacker: fooled and quiet, else quiet, else fooled; and of these the highest loss, or where nothing is
    quiet the lowest score.

    Attributes:
        threat: The ball that is never left.
        steps: Number of gradient steps of each round; their size falls to nothing during a round.
        rounds: Number of weights tried, each from another random start.
        step_share: The first step as a share of ε.
        margin: The share of the threshold from which on the score is pushed down.
        view: The loss it raises: of the averaged probabilities (``ensemble``), or the exits' mean (``average``).
        score: The disagreement score that raises the alarm; mutual_information unless told here or beforehand.
        threshold: The score above which it does; must be told here or beforehand.
        seed: Of the random starts.
        leave: Windows that are fooled and quiet leave the batch: faster.
    """

    threat: Threat
    _: KW_ONLY
    steps: int = 40
    rounds: int = 5
    step_share: float = 0.25
    margin: float = 0.9
    view: Literal["ensemble", "average"] = "ensemble"
    score: str | None = None
    threshold: float | None = None
    seed: int = 0
    leave: bool = False

    def __post_init__(self) -> None:
        if self.steps < 1 or self.rounds < 1 or self.step_share <= 0 or not 0 <= self.margin < 1:
            raise ConfigError(
                f"the quiet attack needs steps ≥ 1, rounds ≥ 1, step_share > 0 and 0 ≤ margin < 1, not {self.steps}, "
                f"{self.rounds}, {self.step_share}, {self.margin}"
            )
        if self.score is not None:
            differentiable_score(self.score)

    def prepared(self, net: Net, knowledge: Knowledge) -> Quiet:
        """The attack on the alarm that `knowledge` tells of, where its own options say nothing else."""
        _require_exits(net)
        score = self.score or knowledge.score
        if self.threshold is None and score != knowledge.score:
            raise ConfigError(f"a threshold of {knowledge.score} says nothing of {score}: give the attack a threshold")
        threshold = knowledge.threshold if self.threshold is None else self.threshold
        return replace(self, score=score, threshold=threshold)

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) away from its true classes y (batch,), or toward `target` where given.

        ConfigError without a threshold, and for a network with one exit.
        """
        _require_exits(net)
        if self.threshold is None:
            raise ConfigError("the quiet attack needs a threshold to stay under: give the option threshold")
        goal, score = y if target is None else target, differentiable_score(self.score or "mutual_information")
        aim = Aim(Objective("cross_entropy", self.view), toward=target is not None)
        with attacked(net):
            return self._searched(_Eyes(net, aim, score, self.threshold, self.margin), self.threat.ball(x), goal)

    def _searched(self, eyes: _Eyes, ball: Ball, goal: Tensor) -> AttackResult:
        search, best = _Search.begun(ball, goal), _Best(ball.x)
        clean = eyes.look(ball.x, goal)
        best.offer(search.index, ball.x, clean)
        search = search.only(~(clean.done & self.leave))
        for number in range(self.rounds):
            if len(search.index):
                start = ball.start(_START_SHARE, self.seed + number)
                search = self._round(eyes, search, start[search.index], best)
        checks = Checks(share(clean.uphill.flatten(1).abs().amax(dim=1) == 0), None, share(clean.loss == 0))
        return AttackResult(best.x_adv, checks, best.fooled if self.leave else None)

    def _round(self, eyes: _Eyes, search: _Search, at: Tensor, best: _Best) -> _Search:
        """One climb from `at`; answers the windows that go on, with their next weights."""
        for step in range(self.steps + 1):
            seen = eyes.look(at, search.goal)
            best.offer(search.index, at, seen)
            staying = ~(seen.done & self.leave)
            search, seen, at = search.only(staying), seen.only(staying), at[staying]
            if step == self.steps or not len(at):
                break
            size = self.step_share * (1 - step / self.steps)
            at = search.ball.project(at + size * search.ball.uphill(search.direction(seen)))
        return search.weighed(seen)


@dataclass
class _Seen(PerWindow):
    """What the attacker sees: higher losses are better, gradients are of length 1, or 0 where there is no slope."""

    loss: Tensor
    score: Tensor
    fooled: Tensor
    quiet: Tensor
    uphill: Tensor  # gradient of the loss
    louder: Tensor  # gradient of the score, 0 where it is far from an alarm

    @property
    def done(self) -> Tensor:
        return self.fooled & self.quiet


@dataclass(frozen=True)
class _Eyes:
    net: Net
    aim: Aim
    score: DifferentiableScore
    threshold: float
    margin: float

    def look(self, x: Tensor, goal: Tensor) -> _Seen:
        at = x.detach().requires_grad_()
        with torch.enable_grad():
            loss, logits = self.aim.loss(self.net, at, goal)
            score = self.score(logits)
            near_alarm = (score - self.margin * self.threshold).relu()
            (uphill,) = torch.autograd.grad(loss.sum(), at, retain_graph=True)
            (louder,) = torch.autograd.grad(near_alarm.sum(), at)
        fooled, score = self.aim.fooled(logits.detach(), goal), score.detach()
        return _Seen(loss.detach(), score, fooled, score <= _SAFE * self.threshold, _unit(uphill), _unit(louder))


class _Best:
    """The best point of each window so far, for the attacker."""

    def __init__(self, x: Tensor) -> None:
        self.x_adv, self._worth = x.clone(), x.new_full((len(x),), -torch.inf)
        self._rank = torch.full((len(x),), -1, device=x.device)

    @property
    def fooled(self) -> Tensor:
        return self._rank % 2 == 1

    def offer(self, index: Tensor, x_adv: Tensor, seen: _Seen) -> None:
        rank, worth = 2 * seen.quiet.long() + seen.fooled, torch.where(seen.quiet, seen.loss, -seen.score)
        better = (rank > self._rank[index]) | ((rank == self._rank[index]) & (worth > self._worth[index]))
        taken = index[better]
        self.x_adv[taken], self._rank[taken], self._worth[taken] = x_adv[better], rank[better], worth[better]


@dataclass
class _Search(PerWindow):
    """The windows `index` of a batch that are still attacked, with the weight of their score."""

    index: Tensor
    goal: Tensor
    ball: Ball
    weight: Tensor
    low: Tensor  # the highest weight with which a window was loud
    high: Tensor  # the lowest one with which it was not fooled

    @classmethod
    def begun(cls, ball: Ball, goal: Tensor) -> _Search:
        ones = ball.x.new_ones(len(goal))
        return cls(torch.arange(len(goal), device=goal.device), goal, ball, ones, 0 * ones, torch.inf * ones)

    def direction(self, seen: _Seen) -> Tensor:
        return seen.uphill - of_each(self.weight, seen.louder) * seen.louder

    def weighed(self, seen: _Seen) -> _Search:
        """With the next weights, from what a round came to."""
        loud, right = seen.fooled & ~seen.quiet, ~seen.fooled
        low, high = torch.where(loud, self.weight, self.low), torch.where(right, self.weight, self.high)
        tried = torch.where(low > 0, torch.where(high.isinf(), _FACTOR * low, (low * high).sqrt()), high / _FACTOR)
        return replace(self, weight=torch.where(loud | right, tried, self.weight), low=low, high=high)


def _require_exits(net: Net) -> None:
    if net.exits < 2:
        raise ConfigError("one exit never disagrees: attack it with pgd, or take a network with more exits")


def _unit(gradient: Tensor) -> Tensor:
    return gradient / of_each(gradient.flatten(1).norm(dim=1).clamp(min=1e-12), gradient)
