"""Attacks by name: a frozen dataclass of hyper-parameters, called with (net, x, y), answers inside its threat model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from torch import Tensor

from edgeguard.lab.attacks.result import AttackResult
from edgeguard.lab.nets.early_exit import Net
from edgeguard.registry import Registry


class Attack(Protocol):
    """What evaluation and defenses know of an attack."""

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> AttackResult:
        """Perturb x (batch, channels, time…) of true classes y (batch,), within the attack's threat model."""
        ...


ATTACKS: Final[Registry[Callable[..., Attack]]] = Registry("attack", {"pgd": "edgeguard.lab.attacks.pgd:PGD"})
