"""Detectors by name: the exits' disagreement, and what others look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import SCORES, Score
from edgeguard.exits.ensemble import probabilities
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.detection.confidence import final_entropy, max_softmax
from edgeguard.lab.detection.detector import Batch, CannotFit, Fit, Scorer
from edgeguard.lab.detection.feature_squeezing import feature_squeezing
from edgeguard.lab.detection.mahalanobis import mahalanobis
from edgeguard.lab.nets.early_exit import Net
from edgeguard.registry import near_match


def disagreement(score: Score) -> Fit:
    """A detector of one of the exits' disagreement scores; CannotFit for a network with one exit."""

    def fit(net: Net, _x: Batch, _y: Labels) -> Scorer:
        if net.exits < 2:
            raise CannotFit("one exit never disagrees")
        return lambda _windows, logits: score(probabilities(logits))

    return fit


DETECTORS: Final[dict[str, Fit]] = {
    **{name: disagreement(score) for name, score in SCORES.items()},
    "max_softmax": max_softmax,
    "final_entropy": final_entropy,
    "feature_squeezing": feature_squeezing,
    "mahalanobis": mahalanobis,
}


def detector_named(name: str) -> Fit:
    """The detector registered as `name`; ConfigError names the near match."""
    if name not in DETECTORS:
        raise ConfigError(
            f"no detector is called {name!r}{near_match(name, DETECTORS)}; there are: {', '.join(DETECTORS)}"
        )
    return DETECTORS[name]


def fitted(names: Sequence[str], net: Net, x: Batch, y: Labels) -> tuple[dict[str, Scorer], dict[str, str]]:
    """The detectors `names` fitted to clean windows x of classes y, and why some of them cannot be."""
    found = {name: _fitted(detector_named(name), net, x, y) for name in names}
    left_out = {name: outcome for name, outcome in found.items() if isinstance(outcome, str)}
    return {name: outcome for name, outcome in found.items() if not isinstance(outcome, str)}, left_out


def _fitted(fit: Fit, net: Net, x: Batch, y: Labels) -> Scorer | str:
    try:
        return fit(net, x, y)
    except CannotFit as reason:
        return str(reason)
