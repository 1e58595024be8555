"""Clean training of all exits together (Eq. 1 of the early-exit paper)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Net


def exit_losses(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of each window at each exit: logits (batch, exits, classes), y (batch,) to (batch, exits)."""
    labels = y[:, None].expand(-1, logits.shape[1])
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape)


class Standard:
    """L = CE(final) + Σ α_i CE(exit i), each averaged over the batch; with one exit, plain cross-entropy."""

    def __init__(self, exits: int, *, alpha: float | list[float] = 1.0) -> None:
        alphas = [float(alpha)] * (exits - 1) if isinstance(alpha, int | float) else list(alpha)
        if len(alphas) != exits - 1 or not all(0 <= a <= 1 for a in alphas):
            raise ConfigError(
                f"alpha must be in [0, 1], one number or one for each of {exits - 1} early exits: {alpha}"
            )
        self._weights = torch.tensor([*alphas, 1.0])

    def loss(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """Eq. 1 on one batch."""
        losses = exit_losses(net(x), y).mean(dim=0)
        return (losses * self._weights.to(losses.device)).sum()

    def seen(self, net: Net, x: Tensor, y: Tensor) -> Tensor:  # noqa: ARG002 (the contract of all defenses)
        """The clean windows."""
        return x

    def end_epoch(self, validation: Mapping[str, float]) -> None:
        """Nothing to adapt."""
