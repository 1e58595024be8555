"""How much the exits of one window disagree: one score per window, 0 where all exits say the same.

Every score maps probabilities (batch, exits, classes) to (batch,); higher means more disagreement.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy.special import entr, rel_entr

from edgeguard.errors import ConfigError
from edgeguard.exits.ensemble import Floats, ensemble
from edgeguard.registry import near_match

Score = Callable[[Floats], Floats]

# of `combined`, adding up to 1: on development windows the best of a grid for exits trained on clean windows, and
# within a seed's spread of the best for exits trained apart (docs/detection.md, the tables of weights)
COMBINED_WEIGHTS: Final = MappingProxyType({"mutual_information": 0.0, "confusion": 5 / 6, "vote_entropy": 1 / 6})


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


@lru_cache(maxsize=64)
def combined_factors(exits: int, classes: int) -> MappingProxyType[str, float]:
    """What `combined` multiplies each score by: its weight over its largest value; empty for one exit."""
    named = min(exits, classes)  # so many classes can be named at once
    if named < 2:
        return MappingProxyType({})
    information = math.log(named)
    largest = {"mutual_information": information, "confusion": 2.0 * (exits - 1), "vote_entropy": information}
    return MappingProxyType({name: weight / largest[name] for name, weight in COMBINED_WEIGHTS.items() if weight})


def combined(exit_probabilities: Floats) -> Floats:
    """The other scores, each over its largest value, weighed by `COMBINED_WEIGHTS`: in [0, 1]; 0 for one exit."""
    factors = combined_factors(*exit_probabilities.shape[-2:])
    total = np.zeros(len(exit_probabilities))
    for name, factor in factors.items():
        total += factor * SCORES[name](exit_probabilities)
    return total


SCORES: Final[dict[str, Score]] = {
    "mutual_information": mutual_information,
    "confusion": confusion,
    "vote_entropy": vote_entropy,
    "combined": combined,
}


def score_named(name: str) -> Score:
    """The disagreement score registered as `name`; ConfigError names the near match."""
    if name not in SCORES:
        raise ConfigError(
            f"no disagreement score is called {name!r}{near_match(name, SCORES)}; there are: {', '.join(SCORES)}"
        )
    return SCORES[name]


def in_words(name: str) -> str:
    """A score as people read it."""
    return "combined disagreement" if name == "combined" else name.replace("_", " ")
