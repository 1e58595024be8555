"""Radii of attacks as recipes write them: numbers, one per channel, or ratios of signal to noise."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgeguard.errors import ConfigError

Epsilon = float | str | Sequence[float]  # a radius as recipes write it


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


Radius = float | tuple[float, ...] | SignalToNoise


def radius_from(value: Epsilon) -> Radius:
    """A radius as recipes write it: a number, a list with one per channel, or a ratio such as ``"20 dB"``."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(?P<db>[-+]?\d+(\.\d+)?)\s*dB\s*", value)
        if not found:
            raise ConfigError(f'epsilon {value!r} is neither a number nor a ratio: write 0.1, [0.1, 0.2] or "20 dB"')
        return SignalToNoise(float(found["db"]))
    return float(value) if isinstance(value, int | float) else tuple(float(radius) for radius in value)


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
