"""DeepFool (Moosavi-Dezfooli, Fawzi & Frossard 2016), for a whole batch at once."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import distances
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.attacks.scores import ScoreView, class_scores
from edgeguard.lab.attacks.threat import Norm, Threat
from edgeguard.lab.nets.early_exit import Net


@dataclass(frozen=True)
class DeepFool:
    """Steps over the nearest boundary of the linearized network, until the class changes.

    Attributes:
        threat: The ball that the result is projected into, and its norm; None leaves the perturbation as it is.
        max_steps: A window that is not fooled by then is given up.
        overshoot: How far beyond the boundary, as a share of the perturbation.
        classes: How many of the best-scoring classes are considered, the window's own included.
        norm: Of the perturbation; None stands for the threat's, and without a threat for l2.
        view: Whose verdict is changed: an exit's, or the averaged exits'.
    """

    threat: Threat | None = None
    _: KW_ONLY
    max_steps: int = 50
    overshoot: float = 0.02
    classes: int = 10
    norm: Norm | None = None
    view: ScoreView = "last"

    def __post_init__(self) -> None:
        if self.max_steps < 1 or self.overshoot < 0 or self.classes < 2:
            raise ConfigError(
                f"DeepFool needs max_steps ≥ 1, overshoot ≥ 0 and classes ≥ 2, not {self.max_steps}, "
                f"{self.overshoot}, {self.classes}"
            )
        if self.threat is not None and self.norm not in {None, self.threat.norm}:
            raise ConfigError(f"DeepFool has the norm {self.norm} in an {self.threat.norm} ball: leave its norm out")

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) away from its true classes y (batch,); ConfigError for a target."""
        if target is not None:
            raise ConfigError("deepfool goes to the nearest class, not to a chosen one: take carlini_wagner or pgd")
        with attacked(net):
            found = self.nearest(net, x, y)
        x_adv = self.threat.ball(x).project(found.x_adv) if self.threat else found.x_adv
        return AttackResult(x_adv, Checks(zero_gradient_share=found.zero_gradient_share))

    def distances(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """Norm (batch,) of the perturbation that changes each window's class, in no ball.

        0 where a window is misclassified as it is, inf where it was given up.
        """
        with attacked(net):
            found = self.nearest(net, x, y)
        return distances(found.x_adv, x, self._used_norm).where(found.fooled, torch.inf)

    def nearest(self, net: Net, x: Tensor, y: Tensor) -> Nearest:
        """Points just over the boundary; the network must be as `edgeguard.lab.attacks.attacked` leaves it."""
        walk, zero_share = _Walk(x, y), 0.0
        for step in range(self.max_steps + 1):
            at = self._place(walk).requires_grad_(step < self.max_steps)
            with torch.enable_grad():
                scores = class_scores(net, at, self.view)
            staying = walk.look(at.detach(), scores.detach())
            if step == self.max_steps or not staying.any():
                break
            if step == 0:
                walk.rivals = _rivals(scores.detach(), y, self.classes)
            gaps, slopes = _linearized(scores, at, walk)
            lengths = _dual_lengths(slopes, self._used_norm)
            if step == 0:
                zero_share = float((lengths.amax(dim=0) == 0).float().mean())
            walk.go(_shortest(gaps, slopes, lengths, self._used_norm), staying)
        return Nearest(walk.x_adv, walk.fooled, zero_share)

    @property
    def _used_norm(self) -> Norm:
        return self.norm or (self.threat.norm if self.threat else "l2")

    def _place(self, walk: _Walk) -> Tensor:
        at = walk.x + (1 + self.overshoot) * walk.moved
        return at if self.threat is None or self.threat.bounds is None else at.clamp(*self.threat.bounds)


@dataclass(frozen=True)
class Nearest:
    """Where DeepFool came to, and which windows (batch,) are of another class there."""

    x_adv: Tensor
    fooled: Tensor
    zero_gradient_share: float


class _Walk:
    """The windows of a batch: those still going in `x`, `y`, `moved` and `rivals`, all in `x_adv` and `fooled`."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y, self.moved = x, y, torch.zeros_like(x)
        self.rivals = y[:, None]  # until the first look at the scores
        self.x_adv, self.fooled = x.clone(), torch.zeros_like(y, dtype=torch.bool)
        self.going = torch.arange(len(y), device=y.device)

    def look(self, at: Tensor, scores: Tensor) -> Tensor:
        """Note where the windows are; answers which are of their class still."""
        staying = scores.argmax(dim=1) == self.y
        self.x_adv[self.going], self.fooled[self.going] = at, ~staying
        return staying

    def go(self, moves: Tensor, staying: Tensor) -> None:
        """Move the staying windows, leave the others."""
        self.moved = (self.moved + moves)[staying]
        self.x, self.y, self.rivals = self.x[staying], self.y[staying], self.rivals[staying]
        self.going = self.going[staying]


def _rivals(scores: Tensor, y: Tensor, classes: int) -> Tensor:
    """The best-scoring other classes (batch, classes - 1)."""
    others = scores.scatter(1, y[:, None], -torch.inf)
    return others.topk(min(classes, scores.shape[1]) - 1, dim=1).indices


def _linearized(scores: Tensor, at: Tensor, walk: _Walk) -> tuple[Tensor, Tensor]:
    """Of each rival's lead over the own class: its size (rivals, batch) and its gradient (rivals, batch, …)."""
    with torch.enable_grad():
        leads = (scores.gather(1, walk.rivals) - scores.gather(1, walk.y[:, None])).unbind(1)
    slopes = [
        torch.autograd.grad(lead.sum(), at, retain_graph=index < len(leads))[0] for index, lead in enumerate(leads, 1)
    ]
    return torch.stack(leads).detach().abs(), torch.stack(slopes)


def _dual_lengths(slopes: Tensor, norm: Norm) -> Tensor:
    """Lengths (rivals, batch) in the dual norm: a step of length d in `norm` raises a lead by d times that."""
    flat = slopes.flatten(2)
    return flat.norm(dim=2) if norm == "l2" else flat.abs().sum(dim=2)


def _shortest(gaps: Tensor, slopes: Tensor, lengths: Tensor, norm: Norm) -> Tensor:
    """The step (batch, …) that closes the gap to the nearest rival; none where all slopes are zero."""
    lengths = lengths.clamp(min=1e-12)
    distance, nearest = (gaps / lengths).min(dim=0)
    window = torch.arange(len(nearest), device=nearest.device)
    slope = slopes[nearest, window]
    unit = slope.sign() if norm == "linf" else slope / _beside(lengths[nearest, window], slope)
    return _beside(distance, slope) * unit


def _beside(numbers: Tensor, windows: Tensor) -> Tensor:
    return numbers.view(-1, *[1] * (windows.dim() - 1))
