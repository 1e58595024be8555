"""Doubt in the verdict itself, without looking at how the exits differ."""

from __future__ import annotations

from edgeguard.exits.disagreement import entropy
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.detection.detector import Batch, Scorer
from edgeguard.lab.nets.early_exit import Net


def max_softmax(_net: Net, _x: Batch, _y: Labels) -> Scorer:
    """1 minus the largest probability of the averaged exits (Hendrycks & Gimpel 2017): in [0, 1 - 1/classes]."""
    return lambda _windows, logits: 1.0 - ensemble(probabilities(logits)).max(axis=-1)


def final_entropy(_net: Net, _x: Batch, _y: Labels) -> Scorer:
    """Entropy in nats of the final exit's softmax: in [0, log(classes)]."""
    return lambda _windows, logits: entropy(probabilities(logits[:, -1]))
