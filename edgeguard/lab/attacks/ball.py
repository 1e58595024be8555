"""Balls around windows: where an iterate is projected, how a step goes uphill, where a random start lies."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

Bounds = tuple[float, float] | None


class Ball(Protocol):
    """A norm ball around each window of a batch, cut by the signal's bounds."""

    x: Tensor
    radius: Tensor
    bounds: Bounds

    def project(self, x_adv: Tensor) -> Tensor:
        """The point nearest to x_adv in the ball and within the bounds."""
        ...

    def uphill(self, gradient: Tensor) -> Tensor:
        """The direction of steepest ascent of length ε: what a step of share 1 adds."""
        ...

    def start(self, share: float, seed: int) -> Tensor:
        """A random point at `share` of the radius, the same on every device; Eq. 5 of the early-exit paper for l∞."""
        ...

    def only(self, windows: Tensor) -> Ball:
        """The balls of some windows, by mask or index over the batch."""
        ...


class LinfBall:
    """|x_adv − x| ≤ ε at every sample.

    Args:
        x: Centers (batch, channels, time…).
        radius: ε, broadcasting over x: one number, one per channel or one per window.
        bounds: Smallest and largest value of the signal.
    """

    def __init__(self, x: Tensor, radius: Tensor, bounds: Bounds = None) -> None:
        self.x, self.radius, self.bounds = x, radius, bounds
        self._low, self._high = x - radius, x + radius
        if bounds is not None:
            self._low, self._high = self._low.clamp(*bounds), self._high.clamp(*bounds)

    def project(self, x_adv: Tensor) -> Tensor:
        """The point nearest to x_adv in the ball and within the bounds."""
        return torch.clamp(x_adv, self._low, self._high)

    def uphill(self, gradient: Tensor) -> Tensor:
        """ε sign ∇."""
        return self.radius * gradient.sign()

    def start(self, share: float, seed: int) -> Tensor:
        """X + share ε sign(N(0, I))."""
        return self.project(self.x + share * self.radius * _normal(self.x, seed).sign())

    def only(self, windows: Tensor) -> LinfBall:
        """The balls of some windows."""
        return LinfBall(self.x[windows], _radius_of(windows, self.radius, self.x), self.bounds)


class L2Ball:
    """‖x_adv − x‖₂ ≤ ε over channels and time of each window; arguments as for `LinfBall`, ε per window at most."""

    def __init__(self, x: Tensor, radius: Tensor, bounds: Bounds = None) -> None:
        self.x, self.radius, self.bounds = x, radius, bounds

    def project(self, x_adv: Tensor) -> Tensor:
        """The nearest point in the ball, then within the bounds; that stays in the ball where x itself is within."""
        moved = x_adv - self.x
        x_adv = self.x + moved * (self.radius / _lengths(moved)).clamp(max=1)
        return x_adv if self.bounds is None else x_adv.clamp(*self.bounds)

    def uphill(self, gradient: Tensor) -> Tensor:
        """ε ∇ / ‖∇‖₂."""
        return self.radius * gradient / _lengths(gradient)

    def start(self, share: float, seed: int) -> Tensor:
        """X + share ε g / ‖g‖₂ with g from N(0, I)."""
        return self.project(self.x + share * self.uphill(_normal(self.x, seed)))

    def only(self, windows: Tensor) -> L2Ball:
        """The balls of some windows."""
        return L2Ball(self.x[windows], _radius_of(windows, self.radius, self.x), self.bounds)


def distances(x_adv: Tensor, x: Tensor, norm: str) -> Tensor:
    """How far each window was moved (batch,), in the given norm."""
    moved = (x_adv - x).flatten(1)
    return moved.abs().amax(dim=1) if norm == "linf" else moved.norm(dim=1)


def _radius_of(windows: Tensor, radius: Tensor, x: Tensor) -> Tensor:
    per_window = radius.dim() == x.dim() and len(radius) == len(x) and len(x) > 1
    return radius[windows] if per_window else radius


def _lengths(moved: Tensor) -> Tensor:
    lengths: Tensor = moved.flatten(1).norm(dim=1)
    return lengths.clamp(min=1e-12).view(-1, *[1] * (moved.dim() - 1))


def _normal(x: Tensor, seed: int) -> Tensor:
    """N(0, I), drawn on the CPU so that every device starts from the same point."""
    return torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)).to(x)
