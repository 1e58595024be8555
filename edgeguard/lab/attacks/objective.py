"""What an attack maximizes: one loss per window from the logits of the exits it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from edgeguard.lab.nets.early_exit import Net


class Objective(Protocol):
    """Loss of each window, to be raised: x (batch, …) and y (batch,) to (batch,)."""

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """One differentiable loss per window."""
        ...


@dataclass(frozen=True)
class ExitCrossEntropy:
    """Cross-entropy at one exit (Eq. 6): the last one unless told; no stage behind it is run."""

    exit_index: int = -1

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """Cross-entropy of each window at the chosen exit."""
        return F.cross_entropy(net.logits_at(x, self.exit_index), y, reduction="none")
