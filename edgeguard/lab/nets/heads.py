"""Exit heads (Eq. 3 of the early-exit paper) and where they are placed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Literal

from torch import Tensor, nn

Placement = Literal["blockwise", "semantic"]


class ExitHead(nn.Module):
    """Features (batch, K, …) to logits (batch, classes): s(h), then W3 s(h), or W2 ρ(W1 s(h)) where `hidden` is given.

    s is the mean over all axes behind the features, ρ is ReLU.
    """

    def __init__(self, features: int, classes: int, hidden: int | None = None) -> None:
        super().__init__()
        self.layers = (
            nn.Linear(features, classes)
            if hidden is None
            else nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, classes))
        )

    def forward(self, h: Tensor) -> Tensor:
        """Logits (batch, classes) of features (batch, K, …)."""
        pooled = h.flatten(2).mean(-1) if h.dim() > 2 else h
        logits: Tensor = self.layers(pooled)
        return logits


def hidden_widths(gamma: float, exits: int, final_features: int) -> list[int | None]:
    """K_i^γ = (√(1+γ))^(B-i) · K_B for the early exits i = 1…B-1, rounded; None each where γ = 0.

    Args:
        gamma: Capacity factor γ ≥ 0.
        exits: B, the ensemble's size with the backbone's own head.
        final_features: K_B, the features of the backbone's last block.
    """
    if gamma == 0:
        return [None] * (exits - 1)
    return [round(math.sqrt(1 + gamma) ** (exits - i) * final_features) for i in range(1, exits)]


def exit_blocks(features: Sequence[int], placement: Placement, groups: Sequence[int] = ()) -> list[int]:
    """Indices of the blocks after which an early exit stands.

    ``blockwise``: every block. ``semantic``: the last of each group, but of the last group, whose exit is the
    backbone's own head.

    Args:
        features: That each block puts out.
        placement: As above.
        groups: Blocks in each group, in order; without them, neighbors with the same number of features are one.
    """
    if placement == "blockwise":
        return list(range(len(features)))
    if groups:
        return [end - 1 for end in accumulate(groups)][:-1]
    return [i for i, (now, after) in enumerate(pairwise(features)) if now != after]


def early_heads(features: Sequence[int], classes: int, gamma: float, final_features: int) -> list[ExitHead]:
    """One head per early exit, for the given features at each, of the widths of `hidden_widths`."""
    widths = hidden_widths(gamma, len(features) + 1, final_features)
    return [ExitHead(count, classes, hidden) for count, hidden in zip(features, widths, strict=True)]
