"""What an attacker may do: a norm, a radius, and the bounds of the signal where it has any."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.ball import Ball, Bounds, L2Ball, LinfBall
from edgeguard.registry import near_match

Norm = Literal["linf", "l2"]
NORMS: Final[tuple[str, ...]] = get_args(Norm)


@dataclass(frozen=True)
class SignalToNoise:
    """A radius relative to each window: the ratio of signal power (about its mean) to perturbation power.

    Attributes:
        db: The ratio in dB; 20 dB allows a tenth of the signal's RMS, less dB allow more.
    """

    db: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.db):
            raise ConfigError(f"a signal-to-noise ratio must be a finite number of dB, not {self.db}")

    @property
    def share(self) -> float:
        """Perturbation RMS as a share of the signal's RMS."""
        return float(10 ** (-self.db / 20))


Epsilon = float | str | Sequence[float]  # a radius as recipes write it
Radius = float | tuple[float, ...] | SignalToNoise


def radius_from(value: Epsilon) -> Radius:
    """A radius as recipes write it: a number, a list with one per channel, or a ratio such as ``"20 dB"``."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(?P<db>[-+]?\d+(\.\d+)?)\s*dB\s*", value)
        if not found:
            raise ConfigError(f'epsilon {value!r} is neither a number nor a ratio: write 0.1, [0.1, 0.2] or "20 dB"')
        return SignalToNoise(float(found["db"]))
    return float(value) if isinstance(value, int | float) else tuple(float(radius) for radius in value)


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


def radius_label(epsilon: Epsilon) -> str:
    """ε as people read it."""
    if isinstance(epsilon, str | int | float):
        return epsilon if isinstance(epsilon, str) else f"{epsilon:g}"
    return "/".join(f"{radius:g}" for radius in epsilon)


def radius_size(epsilon: Epsilon) -> float:
    """One number that orders radii of a kind: the largest channel's, or the share of the signal's RMS."""
    radius = radius_from(epsilon)
    if isinstance(radius, SignalToNoise):
        return radius.share
    return max(radius) if isinstance(radius, tuple) else radius


def threat_at(epsilon: Epsilon, norm: str = "linf", bounds: Bounds = None) -> Threat:
    """The threat that a recipe writes down; ConfigError for a radius or norm that makes no ball."""
    if norm not in NORMS:
        raise ConfigError(f"no norm is called {norm!r}{near_match(norm, NORMS)}; there are: {', '.join(NORMS)}")
    return Threat(radius_from(epsilon), bounds, cast("Norm", norm))
