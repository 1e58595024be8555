"""The disagreement scores of `edgeguard.exits.disagreement` once more, in torch: an attack needs their gradient.

Each maps logits (batch, exits, classes) to one score per window (batch,).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import combined_factors, score_named

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


def _vote_entropy(logits: Tensor) -> Tensor:
    """Entropy of the hard votes: constant but where a vote turns, so it has a value and no slope."""
    votes = one_hot(logits.detach().argmax(dim=-1), logits.shape[-1])
    entropy: Tensor = torch.special.entr(votes.to(logits.dtype).mean(dim=1)).sum(dim=-1)
    return entropy


def combined(logits: Tensor) -> Tensor:
    """`edgeguard.exits.disagreement.combined`; its slope is that of the terms that have one."""
    terms = {**DIFFERENTIABLE, "vote_entropy": _vote_entropy}
    total = 0.0 * logits.sum(dim=(-2, -1))  # of one exit: no disagreement and no slope, but a tensor with both
    for name, factor in combined_factors(*logits.shape[1:]).items():
        total = total + factor * terms[name](logits)
    return total


DIFFERENTIABLE: Final[dict[str, DifferentiableScore]] = {
    "mutual_information": mutual_information,
    "confusion": confusion,
    "combined": combined,
}


def differentiable_score(name: str) -> DifferentiableScore:
    """The score registered as `name`; ConfigError where there is none such or it has no gradient."""
    score_named(name)
    if name not in DIFFERENTIABLE:
        raise ConfigError(f"the score {name} has no gradient: attack one of {', '.join(DIFFERENTIABLE)}")
    return DIFFERENTIABLE[name]
