"""Networks by name: every one maps x (batch, channels, time…) to logits (batch, exits, classes)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone, EarlyExitNet, Net, early_exit_net, undefended_net
from edgeguard.lab.nets.with_exits import TappedNet, with_exits
from edgeguard.lab.recipe import NetTable
from edgeguard.registry import Registry, call_with_options
from edgeguard.signals.spec import SignalSpec

__all__ = ["BACKBONES", "NETWORKS", "EarlyExitNet", "Net", "TappedNet", "net_from_recipe", "with_exits"]

# a backbone is blocks that a recipe's placement puts exits on: f(channels, *, options) -> Backbone
BACKBONES: Final[Registry[Callable[..., Backbone]]] = Registry(
    "backbone",
    {
        "fcnet": "edgeguard.lab.nets.fcnet:fcnet",
        "mobilenet_v2": "edgeguard.lab.nets.mobilenet_v2:mobilenet_v2",
        "resnet18": "edgeguard.lab.nets.resnet18:resnet18",
        "vgg16": "edgeguard.lab.nets.vgg16:vgg16",
    },
)
# a network is any torch module, tapped where a recipe's taps say: f(signal, classes, *, options) -> module
NETWORKS: Final[Registry[Callable[..., nn.Module]]] = Registry(
    "network", {"eegnet": "edgeguard.lab.nets.eegnet:eegnet"}
)


def net_from_recipe(table: NetTable, signal: SignalSpec, classes: int, seed: int) -> Net:
    """The network of a recipe, its weights drawn from `seed`; the twin without exits has the same backbone weights."""
    torch.manual_seed(seed)
    if table.name in NETWORKS.names():
        return _tapped_network(table, signal, classes)
    make = BACKBONES.load(table.name)
    if table.taps:
        raise ConfigError(f"backbone {table.name} takes net.placement, not net.taps: remove net.taps")
    backbone = call_with_options(f"backbone {table.name}", make, table.options, len(signal.channels))
    if table.exits:
        return early_exit_net(backbone, classes, table.placement, table.gamma)
    return undefended_net(backbone, classes)


def _tapped_network(table: NetTable, signal: SignalSpec, classes: int) -> Net:
    if table.exits and not table.taps:
        raise ConfigError(f"network {table.name} needs net.taps, the submodules to put exits on; or net.exits = false")
    make = NETWORKS.load(table.name)
    network = call_with_options(f"network {table.name}", make, table.options, signal, classes)
    example = torch.zeros(2, *signal.shape)
    return with_exits(network, table.taps if table.exits else (), table.gamma, example=example)
