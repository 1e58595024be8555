"""Ways of training by name: given a batch, each returns the loss; after an epoch it may change its own weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from torch import Tensor

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


DEFENSES: Final[Registry[Callable[..., Defense]]] = Registry(
    "defense",
    {
        "standard": "edgeguard.lab.defenses.standard:Standard",
        "adversarial": "edgeguard.lab.defenses.adversarial:Adversarial",
    },
)


def defense_from_recipe(table: DefenseTable, exits: int) -> Defense:
    """The recipe's way of training, for a network with this many exits."""
    return call_with_options(f"defense {table.name}", DEFENSES.load(table.name), table.options, exits)
