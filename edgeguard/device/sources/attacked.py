"""A signal under attack: a universal perturbation added to a stretch of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.sources.channels import scales
from edgeguard.errors import ConfigError, SourceError
from edgeguard.signals.universal import UniversalPerturbation

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """When a signal is attacked, in its seconds."""

    begin_s: float = 0.0
    end_s: float = math.inf


class Attacked:
    """Gives the samples of `signal`, those of `stretch` with the perturbation laid end to end on them.

    Args:
        signal: Gives the next n samples, (channels, n); None at its end.
        rate_hz: Of the signal.
        perturbation: (channels, window) in the unit of the signal; see `on_wire`.
        stretch: When.
    """

    def __init__(
        self, signal: Callable[[int], Floats | None], rate_hz: float, perturbation: Floats, stretch: Stretch
    ) -> None:
        self._signal = signal
        self._perturbation = perturbation
        self._bounds = stretch.begin_s * rate_hz, stretch.end_s * rate_hz
        self._at = 0

    def __call__(self, n: int) -> Floats | None:
        """The next `n` samples at most; None at the end."""
        values = self._signal(n)
        if values is None:
            return None
        at = self._at + np.arange(values.shape[1])
        self._at += values.shape[1]
        begin, end = self._bounds
        added = self._perturbation[:, (at - math.ceil(begin)) % self._perturbation.shape[1]]
        return np.where((begin <= at) & (at < end), values + added, values)


def on_wire(
    perturbation: UniversalPerturbation, channels: Sequence[str], unit: str, rate_hz: float, gain: float | None
) -> Floats:
    """The values of `perturbation` in `unit`; ConfigError where they cannot be added to such a signal.

    Args:
        perturbation: In the unit of the model's input.
        channels: Of the signal.
        unit: Of the signal.
        rate_hz: Of the signal.
        gain: What one unit of the perturbation is in the signal's; None where both are units of voltage, or the same.
            A model that scales each window by itself (z-score) has no such number: the window's standard deviation is
            near it.
    """
    facts = perturbation.facts
    if facts.channels != tuple(channels):
        raise ConfigError(
            f"the perturbation is for {', '.join(facts.channels)}, the signal has {', '.join(channels)}: "
            "name them alike with --channels"
        )
    if facts.rate_hz not in (None, rate_hz):
        raise ConfigError(f"the perturbation is for {facts.rate_hz:g} Hz, the signal has {rate_hz:g}: craft another")
    if gain is not None:
        return perturbation.values * np.float32(gain)
    try:
        return perturbation.values * scales([facts.units], [0], unit, "the perturbation")
    except SourceError as error:
        raise ConfigError(
            f"the perturbation is in {facts.units} of the model's input, the signal in {unit}: say how many {unit} "
            f"one {facts.units} is with --attack-gain, for z-scores the standard deviation of a window"
        ) from error
