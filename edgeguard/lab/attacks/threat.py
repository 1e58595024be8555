"""What an attacker may do: a norm, a radius, and the bounds of the signal where it has any."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.ball import Ball, Bounds, L2Ball, LinfBall
from edgeguard.lab.radius import Epsilon, Radius, SignalToNoise, radius_from
from edgeguard.registry import near_match

Norm = Literal["linf", "l2"]
NORMS: Final[tuple[str, ...]] = get_args(Norm)


@dataclass(frozen=True)
class Threat:
    """A ball around each window.

    Attributes:
        radius: ε in the unit of the signal: one number, one per channel, or relative to each window's power.
        bounds: Smallest and largest value the signal can take; None, as for signals without a range, clamps nothing.
        norm: ``linf``: no sample moves by more than ε. ``l2``: the Euclidean norm over channels and time is at most ε.
    """

    radius: Radius
    bounds: Bounds = None
    norm: Norm = "linf"

    def __post_init__(self) -> None:
        if isinstance(self.radius, SignalToNoise):
            return
        radii = self.radius if isinstance(self.radius, tuple) else (self.radius,)
        if not radii or not all(0 < radius < math.inf for radius in radii):
            raise ConfigError(f"epsilon must be positive, not {self.radius}")
        if self.norm == "l2" and isinstance(self.radius, tuple):
            raise ConfigError(f"an l2 ball has one radius for all channels, not {list(self.radius)}: give one number")

    def ball(self, x: Tensor) -> Ball:
        """The balls around x (batch, channels, time…); ConfigError where the radii do not fit the channels."""
        kind = LinfBall if self.norm == "linf" else L2Ball
        return kind(x, self._radius_for(x), self.bounds)

    def _radius_for(self, x: Tensor) -> Tensor:
        """ε as a tensor that broadcasts over x."""
        if isinstance(self.radius, SignalToNoise):
            return self.radius.share * self._size_of(x)
        radius = torch.as_tensor(self.radius, dtype=x.dtype, device=x.device)
        if radius.dim() and len(radius) != x.shape[1]:
            raise ConfigError(f"{len(radius)} radii for a signal of {x.shape[1]} channels: give one number or one each")
        return radius.view(-1, *[1] * (x.dim() - 2)) if radius.dim() else radius

    def _size_of(self, x: Tensor) -> Tensor:
        """RMS of each channel about its mean for l∞; the l2 norm of the whole window about those means for l2."""
        if x.dim() < 3:
            raise ConfigError("a table has no signal power: give epsilon as a number, not in dB")
        time = tuple(range(2, x.dim()))
        centered = x - x.mean(dim=time, keepdim=True)
        if self.norm == "l2":
            lengths: Tensor = centered.flatten(1).norm(dim=1)
            return lengths.view(-1, *[1] * (x.dim() - 1))
        return centered.square().mean(dim=time, keepdim=True).sqrt()


def threat_at(epsilon: Epsilon, norm: str = "linf", bounds: Bounds = None) -> Threat:
    """The threat that a recipe writes down; ConfigError for a radius or norm that makes no ball."""
    if norm not in NORMS:
        raise ConfigError(f"no norm is called {norm!r}{near_match(norm, NORMS)}; there are: {', '.join(NORMS)}")
    return Threat(radius_from(epsilon), bounds, cast("Norm", norm))
