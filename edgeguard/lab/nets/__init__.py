"""Networks by name: every one maps x (batch, channels, time…) to logits (batch, exits, classes)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch

from edgeguard.lab.nets.early_exit import Backbone, EarlyExitNet, Net, early_exit_net, undefended_net
from edgeguard.lab.nets.with_exits import TappedNet, with_exits
from edgeguard.lab.recipe import NetTable
from edgeguard.registry import Registry, call_with_options
from edgeguard.signals.spec import SignalSpec

__all__ = ["BACKBONES", "EarlyExitNet", "Net", "TappedNet", "net_from_recipe", "with_exits"]

BACKBONES: Final[Registry[Callable[..., Backbone]]] = Registry("backbone", {"fcnet": "edgeguard.lab.nets.fcnet:fcnet"})


def net_from_recipe(table: NetTable, signal: SignalSpec, classes: int, seed: int) -> EarlyExitNet:
    """The network of a recipe, its weights drawn from `seed`; the twin without exits has the same backbone weights."""
    torch.manual_seed(seed)
    backbone = call_with_options(
        f"backbone {table.name}", BACKBONES.load(table.name), table.options, len(signal.channels)
    )
    return (
        early_exit_net(backbone, classes, table.placement, table.gamma)
        if table.exits
        else undefended_net(backbone, classes)
    )
