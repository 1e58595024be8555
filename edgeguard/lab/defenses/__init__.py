"""Ways of training by name: given a batch, each returns the loss; after an epoch it may change its own weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import DefenseTable
from edgeguard.registry import Registry, call_with_options


class Defense(Protocol):
    """What the training loop knows of a way of training."""

    def loss(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """The scalar to minimize on one batch, x (batch, channels, time…) and y (batch,)."""
        ...

    def seen(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """The batch's windows as they are when the loss sees them: what early stopping validates on."""
        ...

    def end_epoch(self, validation: Mapping[str, float]) -> None:
        """Look at the epoch's validation figures, and change what the next epoch's loss should weigh."""
        ...


@runtime_checkable
class Enlarges(Protocol):
    """A defense that trains on more than the training part."""

    def enlarged(self, net: Net, x: NDArray[np.float32], y: Labels) -> tuple[NDArray[np.float32], Labels]:
        """What is trained on in the place of x (n, …) and y (n,): the same each time, so that a training can resume."""
        ...


DEFENSES: Final[Registry[Callable[..., Defense]]] = Registry(
    "defense",
    {
        "standard": "edgeguard.lab.defenses.standard:Standard",
        "adversarial": "edgeguard.lab.defenses.adversarial:Adversarial",
        "decorrelated": "edgeguard.lab.defenses.decorrelated:Decorrelated",
        "merged": "edgeguard.lab.defenses.merged:Merged",
    },
)


def defense_from_recipe(table: DefenseTable, exits: int) -> Defense:
    """The recipe's way of training, for a network with this many exits."""
    return call_with_options(f"defense {table.name}", DEFENSES.load(table.name), table.options, exits)


def training_part(defense: Defense, net: Net, x: NDArray[np.float32], y: Labels) -> tuple[NDArray[np.float32], Labels]:
    """What the loop trains on: x (n, …) and y (n,), or what the defense makes of them."""
    return defense.enlarged(net, x, y) if isinstance(defense, Enlarges) else (x, y)
