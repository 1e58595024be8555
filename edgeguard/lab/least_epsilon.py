"""Least ε per window: the smallest radius at which an attack of the PGD family is found to fool the averaged exits."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from itertools import count
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.ball import Ball, L2Ball, LinfBall, distances
from edgeguard.lab.attacks.given_start import GivenStart
from edgeguard.lab.attacks.objective import ensemble_logits, margin
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.search import of_each
from edgeguard.lab.attacks.threat import Norm, Threat, threat_at
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.inference import Floats
from edgeguard.lab.nets.early_exit import Net

_BATCH: Final = 250
_GROWTH: Final = 2.0  # of a window's radius until it is fooled
_CLOSED: Final = 1 + 1e-4  # in tolerances: how far bounds may be apart, for their own rounding


def least_epsilons(  # noqa: PLR0913 (the search and its attack, as recipes write them)
    net: Net,
    x: Floats,
    y: Labels,
    *,
    most: float,
    tolerance: float,
    attack: str = "pgd",
    norm: str = "linf",
    bounds: tuple[float, float] | None = None,
    warm: bool = True,
    batch: int = _BATCH,
    **attack_options: Any,
) -> NDArray[np.float64]:
    """Least ε (n,) of windows x (n, channels, time…) of classes y (n,), as `LeastEpsilon` finds it, in batches.

    Exactly 0 marks a window that is wrong as it is, infinity one that the attack does not fool within `most`. A mean
    over windows with an infinite one is undefined; with `most` in its place it is a lower bound.

    Args:
        net: The network; its averaged exits decide.
        x: The clean windows.
        y: Their true classes.
        most: The largest radius tried.
        tolerance: How near the answer is to a radius at which the attack failed.
        attack: A registered attack of the PGD family.
        norm: Of the ball.
        bounds: Of the signal, where it has any.
        warm: As for `LeastEpsilon`.
        batch: Windows searched at once.
        attack_options: The attack's own, such as ``steps``.

    ConfigError for another attack, a wrong option, or a tolerance that is not between 0 and `most`.
    """
    built = attack_named(attack, threat_at(most, norm, bounds), attack_options)
    if not isinstance(built, PGD):
        raise ConfigError(f"least epsilon is searched with an attack of the PGD family, not {attack!r}: take pgd")
    search, device = LeastEpsilon(built, tolerance, warm=warm), next(net.parameters()).device
    batches = zip(*(torch.split(torch.from_numpy(part), batch) for part in (x, y)), strict=True)
    parts = [search(net, windows.to(device), labels.to(device)).epsilon.cpu() for windows, labels in batches]
    return torch.cat(parts).double().numpy() if parts else np.zeros(0)


@dataclass(frozen=True)
class Least:
    """What was found for a batch.

    Attributes:
        epsilon: Least ε (batch,); 0 for windows wrong as they are, infinity for those not fooled.
        x_adv: A fooling point no further from each window than that; the window itself where there is none.
    """

    epsilon: Tensor
    x_adv: Tensor


@dataclass(frozen=True)
class LeastEpsilon:
    """Doubling from the linearized distance to the boundary, then bisection; every window has its own radius.

    PGD's success does not rise steadily with ε, so the least ε is defined by what is found: a point that fools is
    known at no more than the answer, and the attack was run and failed at a radius that is at most `tolerance` below
    it (0 counts as failed). That bounds the true least ε from above; no smaller one is claimed to be impossible. Every
    run of the attack starts at another random point, as when ε is raised step by step: one start for all keeps its bad
    luck.

    Attributes:
        attack: Of the PGD family; the radius of its threat is the largest one tried.
        tolerance: As above, in the unit of the radius.
        warm: Once a window is fooled, go on from its smallest fooling perturbation, scaled down, instead of from the
            attack's own start, and let that perturbation's size bound the answer. Fewer steps, but another path than
            the attack alone takes: its answers are smaller as often as larger.
    """

    attack: PGD
    tolerance: float
    _: KW_ONLY
    warm: bool = True

    def __post_init__(self) -> None:
        radius = self.attack.threat.radius
        if not isinstance(radius, float | int):
            raise ConfigError(f"least epsilon is one number per window, not {radius}: give the largest one as a number")
        if not 0 < self.tolerance < radius:
            raise ConfigError(f"the tolerance must lie between 0 and the largest radius {radius}, not {self.tolerance}")

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> Least:
        """Search for windows x (batch, channels, time…) of true classes y (batch,)."""
        attack = replace(self.attack, leave=True, check=False)
        with attacked(net):
            search, runs = _Search(attack.threat, x, *_linearized(net, x, y, attack.threat.norm)), count()
            while len(going := search.going(self.tolerance)):
                epsilon = search.next(going, self.tolerance)
                ball = search.ball(going, epsilon)
                start = ball.x + of_each(epsilon, x) * _noise(attack, x, next(runs))[going]
                if self.warm:
                    start = search.warmed(going, epsilon, start)
                found = attack.within(GivenStart(ball, ball.project(start)), net, y[going])
                search.note(going, epsilon, found.x_adv, _known(found.fooled), sizes=self.warm)
        return Least(search.high, search.x_adv)


class _Search:
    """The bounds of each window's least ε: the attack failed at `low`, and `x_adv` fools within `high`."""

    def __init__(self, threat: Threat, x: Tensor, wrong: Tensor, guess: Tensor) -> None:
        self._threat, self._x, self._guess = threat, x, guess
        self.low, self.high = torch.zeros_like(guess), torch.where(wrong, 0.0, torch.inf).to(guess)
        self.x_adv = x.clone()

    @property
    def _most(self) -> float:
        return float(self._threat.radius)  # type: ignore[arg-type]  # LeastEpsilon refuses others

    def going(self, tolerance: float) -> Tensor:
        """Indices of the windows whose bounds are still apart."""
        apart = self.high - self.low > tolerance * _CLOSED
        return torch.nonzero(apart & (self.low < self._most))[:, 0]

    def next(self, going: Tensor, tolerance: float) -> Tensor:
        """The radii to try: between the bounds where both are known, else the guess or twice what failed."""
        low, high = self.low[going], self.high[going]
        larger = torch.where(low > 0, _GROWTH * low, self._guess[going]).clamp(tolerance, self._most)
        return torch.where(high.isinf(), larger, (low + high) / 2)

    def ball(self, going: Tensor, epsilon: Tensor) -> Ball:
        """The balls of those radii."""
        kind = LinfBall if self._threat.norm == "linf" else L2Ball
        return kind(self._x[going], of_each(epsilon, self._x), self._threat.bounds)

    def warmed(self, going: Tensor, epsilon: Tensor, start: Tensor) -> Tensor:
        """`start`, but where a window was fooled, its fooling perturbation scaled down to the radius."""
        x, high = self._x[going], self.high[going]
        scaled = x + of_each(epsilon / high, x) * (self.x_adv[going] - x)
        return torch.where(of_each(high.isfinite(), x), scaled, start)

    def note(self, going: Tensor, epsilon: Tensor, x_adv: Tensor, fooled: Tensor, *, sizes: bool) -> None:
        """Move the bounds by what a run of the attack came to; with `sizes` down to the fooling perturbation's own."""
        size = torch.minimum(distances(x_adv, self._x[going], self._threat.norm), epsilon) if sizes else epsilon
        self.high[going[fooled]], self.x_adv[going[fooled]] = size[fooled], x_adv[fooled]
        self.low[going[~fooled]] = epsilon[~fooled]


def _linearized(net: Net, x: Tensor, y: Tensor, norm: Norm) -> tuple[Tensor, Tensor]:
    """Which windows are wrong as they are (batch,), and the distance to the boundary were the network linear."""
    at = x.detach().requires_grad_()
    with torch.enable_grad():
        scores = ensemble_logits(net(at))
        lead = margin(scores, y)
        (slope,) = torch.autograd.grad(lead.sum(), at)
    flat = slope.flatten(1)
    length = flat.abs().sum(dim=1) if norm == "linf" else flat.norm(dim=1)
    return scores.argmax(dim=1) != y, lead.detach().abs() / length.clamp(min=1e-12)


def _noise(attack: PGD, x: Tensor, run: int) -> Tensor:
    """A random start of the attack's kind in a ball of radius 1 around 0, another one for each run."""
    unit, zero = torch.ones((), dtype=x.dtype, device=x.device), torch.zeros_like(x)
    ball: Ball = LinfBall(zero, unit) if attack.threat.norm == "linf" else L2Ball(zero, unit)
    return ball.start(attack.start_share, attack.seed + run)


def _known(fooled: Tensor | None) -> Tensor:
    assert fooled is not None  # noqa: S101 (attacks that windows leave say which did)
    return fooled
