"""How much the exits of one window disagree: one score per window, 0 where all exits say the same.

Every score maps probabilities (batch, exits, classes) to (batch,); higher means more disagreement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.special import entr, rel_entr

from edgeguard.errors import ConfigError
from edgeguard.exits.ensemble import Floats, ensemble
from edgeguard.registry import near_match

Score = Callable[[Floats], Floats]


def entropy(probabilities: Floats) -> Floats:
    """Shannon entropy in nats over the last axis."""
    return np.asarray(np.add.reduce(entr(probabilities), axis=-1))


def mutual_information(exit_probabilities: Floats) -> Floats:
    """Entropy of the mean minus mean entropy, in nats: in [0, log(classes)], 0 where all exits are equal.

    Computed as its equal, the mean over exits of the Kullback-Leibler divergence from their mean.
    """
    divergence = rel_entr(exit_probabilities, ensemble(exit_probabilities)[:, None])
    return np.asarray(np.maximum(np.add.reduce(divergence, axis=(-2, -1)) / exit_probabilities.shape[-2], 0.0))


def confusion(exit_probabilities: Floats) -> Floats:
    """Sum over exits of the L1 distance to the final exit's softmax: in [0, 2 (exits - 1)] (Shallow-Deep networks)."""
    final = exit_probabilities[:, -1:, :]
    return np.asarray(np.add.reduce(np.abs(exit_probabilities - final), axis=(-2, -1)))


def vote_entropy(exit_probabilities: Floats) -> Floats:
    """Entropy in nats of the exits' hard votes: in [0, log(min(exits, classes))]."""
    classes = exit_probabilities.shape[-1]
    votes = exit_probabilities.argmax(axis=-1)
    return entropy((votes[..., None] == np.arange(classes)).mean(axis=-2))


SCORES: Final[dict[str, Score]] = {
    "mutual_information": mutual_information,
    "confusion": confusion,
    "vote_entropy": vote_entropy,
}


def score_named(name: str) -> Score:
    """The disagreement score registered as `name`; ConfigError names the near match."""
    if name not in SCORES:
        raise ConfigError(
            f"no disagreement score is called {name!r}{near_match(name, SCORES)}; there are: {', '.join(SCORES)}"
        )
    return SCORES[name]
