"""How honest the confidence is. Inputs are arrays: probabilities (n, classes) and labels (n,)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeguard.metrics.classification import Floats, Labels


@dataclass(frozen=True)
class Reliability:
    """Per confidence bin: how many windows, their mean confidence and their accuracy (0 where a bin is empty)."""

    counts: NDArray[np.int64]
    confidence: Floats
    accuracy: Floats


def reliability(probabilities: Floats, labels: Labels, bins: int = 15) -> Reliability:
    """Windows by confidence in bins ((m - 1)/M, m/M], m = 1…M, as the early-exit paper defines them."""
    confidence = probabilities.max(axis=-1)
    hits = probabilities.argmax(axis=-1) == labels
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    some = np.maximum(counts, 1)
    return Reliability(
        counts,
        np.bincount(index, weights=confidence, minlength=bins) / some,
        np.bincount(index, weights=hits, minlength=bins) / some,
    )


def expected_calibration_error(probabilities: Floats, labels: Labels, bins: int = 15) -> float:
    """ECE = Σ |B_m|/n · |acc(B_m) - conf(B_m)|, in [0, 1]; 0 is perfectly calibrated."""
    table = reliability(probabilities, labels, bins)
    gaps = np.abs(table.accuracy - table.confidence)
    return float((table.counts * gaps).sum() / len(labels))


def negative_log_likelihood(probabilities: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Mean of -log of the label's probability, in nats, weighted by `weights` (n,); 0 is certain and right."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(np.average(-np.log(np.maximum(chosen, 1e-300)), weights=weights))


def brier_score(probabilities: Floats, labels: Labels) -> float:
    """Mean squared distance between the probabilities and the one-hot label, in [0, 2]."""
    target = np.eye(probabilities.shape[-1])[labels]
    return float(((probabilities - target) ** 2).sum(axis=-1).mean())
