"""Networks by name: every one maps x (batch, channels, time…) to logits (batch, exits, classes).

Of tables x is (batch, features), of images (batch, channels, height, width).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Final

import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone, EarlyExitNet, Net, early_exit_net, undefended_net
from edgeguard.lab.nets.with_exits import TappedNet, with_exits
from edgeguard.lab.recipe import NetTable
from edgeguard.registry import Registry, call_with_options
from edgeguard.signals.spec import InputSpec

__all__ = ["BACKBONES", "NETWORKS", "EarlyExitNet", "Net", "TappedNet", "net_from_recipe", "with_exits"]

# A backbone is blocks that a recipe's placement puts exits on: f(channels, *, options) -> Backbone. Of a table it gets
# the features instead, and one that has to know an image's size asks for it: f(channels, height, width, *, options).
BACKBONES: Final[Registry[Callable[..., Backbone]]] = Registry(
    "backbone",
    {
        "cnn": "edgeguard.lab.nets.cnn:cnn",
        "fcnet": "edgeguard.lab.nets.fcnet:fcnet",
        "mlp": "edgeguard.lab.nets.mlp:mlp",
        "mobilenet_v2": "edgeguard.lab.nets.mobilenet_v2:mobilenet_v2",
        "resnet18": "edgeguard.lab.nets.resnet18:resnet18",
        "vgg16": "edgeguard.lab.nets.vgg16:vgg16",
    },
)
# a network is any torch module, tapped where a recipe's taps say: f(signal, classes, *, options) -> module
NETWORKS: Final[Registry[Callable[..., nn.Module]]] = Registry(
    "network", {"eegnet": "edgeguard.lab.nets.eegnet:eegnet"}
)


def net_from_recipe(table: NetTable, signal: InputSpec, classes: int, seed: int) -> Net:
    """The network of a recipe, its weights drawn from `seed`; the twin without exits has the same backbone weights."""
    torch.manual_seed(seed)
    if table.name in NETWORKS.names():
        return _tapped_network(table, signal, classes)
    make = BACKBONES.load(table.name)
    if table.taps:
        raise ConfigError(f"backbone {table.name} takes net.placement, not net.taps: remove net.taps")
    sizes = _sizes_asked(table.name, make, signal.shape)
    backbone = call_with_options(f"backbone {table.name}", make, table.options, *sizes)
    net = (
        early_exit_net(backbone, classes, table.placement, table.gamma, detached=table.detached)
        if table.exits
        else undefended_net(backbone, classes)
    )
    _require_reads(table.name, net, signal.shape, classes)
    return net


def _sizes_asked(name: str, make: Callable[..., Backbone], shape: tuple[int, ...]) -> tuple[int, ...]:
    """As much of an input's shape as the backbone asks for."""
    parameters = inspect.signature(make).parameters.values()
    asked = sum(p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in parameters)
    if asked > len(shape):
        raise ConfigError(f"backbone {name} asks for {asked} sizes, inputs have shape {list(shape)}: take another")
    return shape[:asked]


def _require_reads(name: str, net: Net, shape: tuple[int, ...], classes: int) -> None:
    """ConfigError where the network cannot make its logits of inputs of `shape`."""
    try:
        with torch.no_grad():
            logits = net.eval()(torch.zeros(2, *shape))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f"backbone {name} cannot read inputs of shape {list(shape)} ({error})") from error
    if logits.shape != (2, net.exits, classes):
        raise ConfigError(f"backbone {name} cannot read inputs of shape {list(shape)}: take another")
    net.train()


def _tapped_network(table: NetTable, signal: InputSpec, classes: int) -> Net:
    if table.exits and not table.taps:
        raise ConfigError(f"network {table.name} needs net.taps, the submodules to put exits on; or net.exits = false")
    make = NETWORKS.load(table.name)
    network = call_with_options(f"network {table.name}", make, table.options, signal, classes)
    example = torch.zeros(2, *signal.shape)
    taps = table.taps if table.exits else ()
    return with_exits(network, taps, table.gamma, detached=table.detached, example=example)
