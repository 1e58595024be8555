"""A small untrained network that is as uneven as a trained one: attacks have something to bite on."""

from __future__ import annotations

import torch
from torch import nn

from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


def lively_net(shape, classes, kernels=(8, 5, 5, 3), filters=6):
    """A network for windows of `shape` whose normalization is not the identity and that predicts all classes."""
    torch.manual_seed(0)
    net = early_exit_net(fcnet(shape[0], filters=filters, kernels=kernels), classes=classes)
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm1d)):
        for values, low in ((norm.running_mean, -0.3), (norm.running_var, 0.2), (norm.weight, 0.5), (norm.bias, -0.3)):
            nn.init.uniform_(values, low, low + 1)
    for head in net.heads:
        head.layers.weight.data *= 5
    logits = net.eval()(torch.randn(50, *shape)).mean(dim=0)
    for head, usual in zip(net.heads, logits, strict=True):
        head.layers.bias.data -= usual
    return net
