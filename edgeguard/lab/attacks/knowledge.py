"""What an attacker may know beyond the network and the windows that are attacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from edgeguard.lab.attacks import Attack
from edgeguard.lab.nets.early_exit import Net
from edgeguard.signals.spec import InputSpec


@dataclass(frozen=True)
class Knowledge:
    """Given once, before any window is attacked.

    Attributes:
        x: Windows (n, channels, time…) like the attacked ones but others, such as the training part.
        y: Their classes (n,).
        signal: What a window is.
        score: Name of the disagreement score that raises the alarm.
        threshold: The score above which it does.
    """

    x: Tensor
    y: Tensor
    signal: InputSpec
    score: str
    threshold: float


@runtime_checkable
class NeedsKnowledge(Protocol):
    """An attack that must be prepared before it can be called."""

    def prepared(self, net: Net, knowledge: Knowledge) -> Attack:
        """The attack that is called then."""
        ...


def prepared(attack: Attack, net: Net, knowledge: Knowledge) -> Attack:
    """`attack` as it can be called: with what it needs to know, where it needs any."""
    return attack.prepared(net, knowledge) if isinstance(attack, NeedsKnowledge) else attack
