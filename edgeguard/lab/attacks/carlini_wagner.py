"""The l2 attack of Carlini & Wagner (2017): Adam on the perturbation, its weight against size found by bisection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Bounds
from edgeguard.lab.attacks.objective import margin
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.attacks.scores import ScoreView, class_scores
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net

Lead = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CarliniWagner:
    """Minimizes ‖δ‖² + c max(κ − lead, 0) over δ, with c searched for each window; lead > κ fools it.

    The lead is the margin by which another class, or the target, outscores the rest. Signals with bounds are moved in
    tanh space, where they cannot leave them.

    Attributes:
        threat: The l2 ball that the result is projected into; None leaves the perturbation as it is.
        confidence: κ, in the unit of the scores.
        searches: Values of c that are tried, each by a descent of its own.
        max_steps: Of each descent; it ends sooner where a tenth of them lowered the loss by less than 0.01 %.
        learning_rate: Of Adam, in the unit of the signal; with bounds, in that of tanh space.
        first_constant: The first c; tenfold while it is too small.
        view: Whose verdict is changed: an exit's, or the averaged exits'.
    """

    threat: Threat | None = None
    _: KW_ONLY
    confidence: float = 0.0
    searches: int = 9
    max_steps: int = 1000
    learning_rate: float = 0.01
    first_constant: float = 1e-3
    view: ScoreView = "last"

    def __post_init__(self) -> None:
        counts, sizes = (self.searches, self.max_steps), (self.learning_rate, self.first_constant)
        if self.confidence < 0 or min(counts) < 1 or min(sizes) <= 0:
            raise ConfigError(
                "carlini_wagner needs confidence ≥ 0, searches and max_steps ≥ 1, learning_rate and first_constant "
                f"> 0, not {self.confidence}, {counts}, {sizes}"
            )
        if self.threat is not None and self.threat.norm != "l2":
            raise ConfigError(f"carlini_wagner needs an l2 ball, not {self.threat.norm}: take pgd_margin")

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) away from y (batch,), or toward `target`; who is not fooled stays."""
        constants = _Constants(x.new_full((len(x),), self.first_constant))
        best = _Best(x)

        def lead(x_adv: Tensor) -> Tensor:
            scores = class_scores(net, x_adv, self.view)
            return margin(scores, y) if target is None else -margin(scores, target)

        with attacked(net):
            checks = Checks(zero_gradient_share=_zero_gradient_share(lead, x))
            for _ in range(self.searches):
                constants.narrow(self._descend(lead, constants.now, best))
        x_adv = self.threat.ball(x).project(best.x_adv) if self.threat else best.x_adv
        return AttackResult(x_adv, checks)

    def _descend(self, lead: Lead, constants: Tensor, best: _Best) -> Tensor:
        """Minimize for these c from the clean windows; answers which windows (batch,) were fooled on the way."""
        start, place = _space(best.x, self.threat.bounds if self.threat else None)
        free = start.clone().requires_grad_()
        adam = torch.optim.Adam([free], self.learning_rate)
        fooled, before = torch.zeros_like(constants, dtype=torch.bool), torch.inf
        for step in range(self.max_steps):
            with torch.enable_grad():
                x_adv = place(free)
                size, gap = (x_adv - best.x).flatten(1).square().sum(dim=1), self.confidence - lead(x_adv)
                loss = (size + constants * gap.clamp(min=0)).sum()
                (free.grad,) = torch.autograd.grad(loss, free)
            best.keep(x_adv.detach(), size.detach(), gap < 0)
            fooled |= gap < 0
            if step % max(self.max_steps // 10, 1) == 0:
                if loss.item() >= 0.9999 * before:
                    break
                before = loss.item()
            adam.step()
        return fooled


class _Constants:
    """The c of each window (batch,): tenfold until it fools, then halfway between too small and large enough."""

    def __init__(self, first: Tensor) -> None:
        self.now, self._low, self._high = first, torch.zeros_like(first), torch.full_like(first, torch.inf)

    def narrow(self, fooled: Tensor) -> None:
        self._low, self._high = self._low.where(fooled, self.now), self.now.where(fooled, self._high)
        self.now = (10 * self.now).where(self._high.isinf(), (self._low + self._high) / 2)


class _Best:
    """The smallest perturbation of each window that fools it; the window as it is where none does."""

    def __init__(self, x: Tensor) -> None:
        self.x, self.x_adv, self.size = x, x.clone(), x.new_full((len(x),), torch.inf)

    def keep(self, x_adv: Tensor, size: Tensor, fooled: Tensor) -> None:
        better = fooled & (size < self.size)
        self.x_adv[better], self.size[better] = x_adv[better], size[better]


def _space(x: Tensor, bounds: Bounds) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """What Adam moves, where it starts, and the windows it stands for."""
    if bounds is None:
        return torch.zeros_like(x), lambda free: x + free
    middle, half = (bounds[1] + bounds[0]) / 2, (bounds[1] - bounds[0]) / 2
    start = ((x - middle) / half).clamp(-1 + 1e-6, 1 - 1e-6).atanh()
    return start, lambda free: middle + half * free.tanh()


def _zero_gradient_share(lead: Lead, x: Tensor) -> float:
    with torch.enable_grad():
        at = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(lead(at).sum(), at)
    return float((gradient.flatten(1).abs().amax(dim=1) == 0).float().mean())
