"""What an attacker may do: a norm, a radius, and the bounds of the signal where it has any."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgeguard.errors import ConfigError


@dataclass(frozen=True)
class Threat:
    """An l∞ ball around each window.

    Attributes:
        radius: ε in the unit of the signal: one number, or one per channel.
        bounds: Smallest and largest value the signal can take; None, as for signals without a range, clamps nothing.
    """

    radius: float | tuple[float, ...]
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        radii = self.radius if isinstance(self.radius, tuple) else (self.radius,)
        if not radii or min(radii) <= 0:
            raise ConfigError(f"epsilon must be positive, not {self.radius}")

    def radius_for(self, x: Tensor) -> Tensor:
        """ε as a tensor that broadcasts over x (batch, channels, …); ConfigError where it does not fit the channels."""
        radius = torch.as_tensor(self.radius, dtype=x.dtype, device=x.device)
        if radius.dim() and len(radius) != x.shape[1]:
            raise ConfigError(f"{len(radius)} radii for a signal of {x.shape[1]} channels: give one number or one each")
        return radius.view(-1, *[1] * (x.dim() - 2)) if radius.dim() else radius

    def project(self, x_adv: Tensor, x: Tensor) -> Tensor:
        """The point nearest to x_adv in the ball around x and within the bounds."""
        radius = self.radius_for(x)
        x_adv = torch.minimum(torch.maximum(x_adv, x - radius), x + radius)
        return x_adv if self.bounds is None else x_adv.clamp(*self.bounds)
