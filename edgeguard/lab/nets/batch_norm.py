"""Batch normalization in evaluation mode is a scale and a shift: folded into the layer before it, it costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from torch import Tensor, nn
from torch.func import functional_call

from edgeguard.lab.nets.early_exit import EarlyExitNet, Net


@dataclass(frozen=True)
class Normalized:
    """A layer and the batch normalization right behind it, by their names in their common parent.

    Attributes:
        path: Of the layer in the network.
    """

    parent: nn.Sequential
    name: str
    path: str
    layer: nn.Conv1d | nn.Conv2d | nn.Linear
    norm_name: str
    norm: nn.BatchNorm1d | nn.BatchNorm2d


def normalized_layers(net: nn.Module) -> Iterator[Normalized]:
    """Every layer of a network of our blocks that batch normalization with running statistics follows."""
    if not isinstance(net, EarlyExitNet):
        return
    for prefix, parent in net.named_modules():
        if not isinstance(parent, nn.Sequential):
            continue
        for (name, layer), (norm_name, norm) in pairwise(parent.named_children()):
            if not isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
                continue
            if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d) and norm.affine and norm.running_var is not None:
                yield Normalized(parent, name, f"{prefix}.{name}", layer, norm_name, norm)


@contextmanager
def settled(net: Net) -> Iterator[Callable[[Tensor], Tensor]]:
    """While open, what is yielded gives `net`'s logits in evaluation mode, differentiable by its weights too.

    The gradient of an input gradient through batch normalization costs more than all the rest; folded it costs nothing.
    """
    modes = {module: module.training for module in net.modules()}
    net.eval()
    found = list(normalized_layers(net))
    weights = {name: weight for one in found for name, weight in _folded_weights(one)}
    for one in found:
        setattr(one.parent, one.norm_name, nn.Identity())
    try:
        yield lambda x: functional_call(net, weights, (x,))
    finally:
        for one in found:
            setattr(one.parent, one.norm_name, one.norm)
        for module, mode in modes.items():
            module.training = mode


def _folded_weights(one: Normalized) -> Iterator[tuple[str, Tensor]]:
    norm = one.norm
    # clones, since a later forward pass changes the running statistics in place
    mean, variance = cast("Tensor", norm.running_mean).clone(), cast("Tensor", norm.running_var).clone()
    scale = norm.weight * (variance + norm.eps).rsqrt()
    shift = norm.bias - mean * scale
    yield f"{one.path}.weight", one.layer.weight * scale.view(-1, *[1] * (one.layer.weight.dim() - 1))
    yield f"{one.path}.bias", shift if one.layer.bias is None else one.layer.bias * scale + shift
