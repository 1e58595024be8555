"""A network while it is attacked: evaluation mode, no weight gradients, batch normalization folded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from edgeguard.lab.nets.batch_norm import Normalized, normalized_layers
from edgeguard.lab.nets.early_exit import Net


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
    found = [(one, _folded(one).requires_grad_(False)) for one in normalized_layers(net)]
    for one, stand_in in found:
        setattr(one.parent, one.name, stand_in)
        setattr(one.parent, one.norm_name, nn.Identity())
    try:
        yield
    finally:
        for one, _ in found:
            setattr(one.parent, one.name, one.layer)
            setattr(one.parent, one.norm_name, one.norm)
        for parameter in wanted:
            parameter.requires_grad_(True)
        for module, mode in modes.items():
            module.training = mode


def _folded(one: Normalized) -> nn.Module:
    if isinstance(one.layer, nn.Linear):
        return fuse_linear_bn_eval(one.layer, one.norm)
    return fuse_conv_bn_eval(one.layer, one.norm)
