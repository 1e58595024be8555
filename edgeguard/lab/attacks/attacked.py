"""A network while it is attacked: evaluation mode, no weight gradients, batch normalization folded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from edgeguard.lab.nets.early_exit import EarlyExitNet, Net


@contextmanager
def attacked(net: Net) -> Iterator[None]:
    """While open, `net` is in evaluation mode and only input gradients are computed; all is restored after.

    Batch normalization in evaluation mode is a scale and a shift: in networks made of our blocks it is folded into the
    layer before it, which saves a pass over the activations forward and backward (equal up to rounding).
    """
    modes = {module: module.training for module in net.modules()}
    wanted = [parameter for parameter in net.parameters() if parameter.requires_grad]
    net.eval()
    for parameter in wanted:
        parameter.requires_grad_(False)
    folded = list(_folded(net)) if isinstance(net, EarlyExitNet) else []
    for parent, name, _, stand_in in folded:
        setattr(parent, name, stand_in)
    try:
        yield
    finally:
        for parent, name, module, _ in folded:
            setattr(parent, name, module)
        for parameter in wanted:
            parameter.requires_grad_(True)
        for module, mode in modes.items():
            module.training = mode


def _folded(net: nn.Module) -> Iterator[tuple[nn.Sequential, str, nn.Module, nn.Module]]:
    """(parent, name, module, what stands in for it) for each layer and the batch normalization right behind it."""
    for parent in net.modules():
        if not isinstance(parent, nn.Sequential):
            continue
        for (name, layer), (norm_name, norm) in pairwise(parent.named_children()):
            if (folded := _fold(layer, norm)) is not None:
                yield parent, name, layer, folded.requires_grad_(False)
                yield parent, norm_name, norm, nn.Identity()


def _fold(layer: nn.Module, norm: nn.Module) -> nn.Module | None:
    if getattr(norm, "running_var", None) is None:
        return None
    if isinstance(layer, nn.Conv1d | nn.Conv2d) and isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
        return fuse_conv_bn_eval(layer, norm)
    if isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
        return fuse_linear_bn_eval(layer, norm)
    return None
