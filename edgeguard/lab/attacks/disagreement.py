"""The disagreement scores of `edgeguard.exits.disagreement` once more, in torch: an attack needs their gradient.

Each maps logits (batch, exits, classes) to one score per window (batch,).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import score_named

DifferentiableScore = Callable[[Tensor], Tensor]


def mutual_information(logits: Tensor) -> Tensor:
    """Mean over exits of the Kullback-Leibler divergence from their mean, in nats."""
    logs = logits.log_softmax(dim=-1)
    log_mean = logs.logsumexp(dim=1, keepdim=True) - math.log(logits.shape[1])
    return (logs.exp() * (logs - log_mean)).sum(dim=-1).mean(dim=-1).clamp(min=0)


def confusion(logits: Tensor) -> Tensor:
    """Sum over exits of the L1 distance to the final exit's softmax."""
    exits = logits.softmax(dim=-1)
    return (exits - exits[:, -1:]).abs().sum(dim=(-2, -1))


DIFFERENTIABLE: Final[dict[str, DifferentiableScore]] = {
    "mutual_information": mutual_information,
    "confusion": confusion,
}


def differentiable_score(name: str) -> DifferentiableScore:
    """The score registered as `name`; ConfigError where there is none such or it has no gradient."""
    score_named(name)
    if name not in DIFFERENTIABLE:
        raise ConfigError(f"the score {name} has no gradient: attack one of {', '.join(DIFFERENTIABLE)}")
    return DIFFERENTIABLE[name]
