"""Square Attack (Andriushchenko et al. 2020): a black box asked for its scores; images, signals and tables."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Ball
from edgeguard.lab.attacks.objective import Objective, View
from edgeguard.lab.attacks.result import AttackResult
from edgeguard.lab.attacks.search import Aim, Found, PerWindow, of_each
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net

# the share of a window that a patch covers is halved after each of these shares of the queries
_HALVED_AFTER: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Square:
    """Random search over patches of ±ε: a patch stays where it raises the margin. No gradient is computed.

    A patch is a square of an image, or an interval of a signal or of a table's features, with one sign per channel.

    Attributes:
        threat: The l∞ ball that is never left.
        queries: Forward passes per window, the look at the clean one aside.
        initial_share: p, the share of a window that the first patches cover; halved nine times on the way.
        view: The exits whose scores it is told: as a device answers, the averaged ones, unless told.
        seed: Of the patches.
        leave: Windows that the averaged exits get wrong leave the batch: faster, for robust accuracy.
        check: Whether the result carries self-checks.
    """

    threat: Threat
    _: KW_ONLY
    queries: int = 1000
    initial_share: float = 0.8
    view: View = "ensemble"
    seed: int = 0
    leave: bool = False
    check: bool = True

    def __post_init__(self) -> None:
        if self.queries < 1 or not 0 < self.initial_share <= 1:
            raise ConfigError(
                f"Square needs queries ≥ 1 and 0 < initial_share ≤ 1, not {self.queries}, {self.initial_share}"
            )
        if self.threat.norm != "linf":
            raise ConfigError(f"Square searches linf balls, not {self.threat.norm}: give norm linf")

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) away from its true classes y (batch,), or toward `target` where given."""
        aim = Aim(Objective("margin", self.view, whole=self.leave), toward=target is not None)
        with attacked(net):
            return self._searched(net, aim, self.threat.ball(x), y if target is None else target)

    def _searched(self, net: Net, aim: Aim, ball: Ball, goal: Tensor) -> AttackResult:
        found, clean = Found(ball.x, leave=self.leave), None
        search = _Search(found.going, goal, ball, ball.x, found.loss)
        if self.check or self.leave:
            clean, fooled = aim.look(net, ball.x, goal)
            if found.leaving(search.index, ball.x, fooled):
                search = search.only(~fooled)
        patches = Patches(ball.x, self.seed)
        for query in range(self.queries):
            if not len(search.index):
                break
            size = patch_share(query / self.queries, self.initial_share)
            tried, fooled = search.ask(net, aim, patches.drawn(size) if query else patches.stripes())
            if found.leaving(search.index, tried, fooled):
                search = search.only(~fooled)
        found.offer(search.index, search.best, search.loss)
        return found.result(clean, None, None)


def patch_share(done: float, initial: float) -> float:
    """The share of a window that a patch covers once this share of the queries is done."""
    return float(initial / 2 ** bisect_left(_HALVED_AFTER, done))


class Patch(NamedTuple):
    """For every window of a batch, where its patch lies and which signs it has there; both broadcast over x."""

    where: Tensor
    signs: Tensor


class Patches:
    """Random patches for x (batch, channels, time…), drawn on the CPU so that every device tries the same ones."""

    def __init__(self, x: Tensor, seed: int) -> None:
        self._random = torch.Generator().manual_seed(seed)
        self._device, self._shape = x.device, x.shape
        self._axes = range(min(2, x.dim() - 1), x.dim())  # behind the channels, which a table has none of

    def stripes(self) -> Patch:
        """Everywhere, with a sign for each column of each channel."""
        signs = self._signs(self._axes[:-1])
        return Patch(torch.ones_like(signs, dtype=torch.bool), signs)

    def drawn(self, share: float) -> Patch:
        """A cube that covers this share of each window, with a sign for each channel."""
        sizes = [self._shape[axis] for axis in self._axes]
        side = max(1, round((share * math.prod(sizes)) ** (1 / len(sizes))))
        where = torch.ones(1, dtype=torch.bool)
        for axis, size in zip(self._axes, sizes, strict=True):
            first = self._uniform(range(1, len(self._shape))) * (size - min(side, size) + 1)
            behind = torch.arange(size).view(-1, *[1] * (len(self._shape) - 1 - axis)) - first.floor()
            where = where & (behind >= 0) & (behind < side)
        return Patch(where.to(self._device), self._signs(self._axes))

    def _signs(self, one: Sequence[int]) -> Tensor:
        return self._uniform(one).sub(0.5).sign().to(self._device)

    def _uniform(self, one: Sequence[int]) -> Tensor:
        """Uniform in [0, 1), of the shape of x but with size 1 along the axes `one`."""
        shape = [1 if axis in one else size for axis, size in enumerate(self._shape)]
        return torch.rand(shape, generator=self._random)


@dataclass
class _Search(PerWindow):
    """The best point so far of the windows `index` of a batch."""

    index: Tensor
    goal: Tensor
    ball: Ball
    best: Tensor
    loss: Tensor

    def ask(self, net: Net, aim: Aim, patch: Patch) -> tuple[Tensor, Tensor]:
        """Try ±ε in a patch, keep it where the loss rises; answers what was tried and which windows it fools."""
        signs = self.ball.uphill(patch.signs[self.index])
        tried = self.ball.project(torch.where(patch.where[self.index], self.ball.x + signs, self.best))
        loss, fooled = aim.look(net, tried, self.goal)
        better = loss > self.loss
        self.best, self.loss = torch.where(of_each(better, tried), tried, self.best), loss.maximum(self.loss)
        return tried, fooled
