"""VGG16 (Simonyan & Zisserman 2015) in one dimension: the network of the early-exit paper's EEG half."""

from __future__ import annotations

from typing import Final

from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone

_GROUPS: Final = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def _block(channels: int, filters: int, *, halve: bool) -> nn.Sequential:
    layers = [nn.Conv1d(channels, filters, 3, padding=1), nn.BatchNorm1d(filters), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool1d(2)) if halve else nn.Sequential(*layers)


def vgg16(channels: int, *, width: float = 1.0) -> Backbone:
    """Thirteen Conv1d-BatchNorm-ReLU blocks, time halved after each of five groups: (batch, channels, time ≥ 32).

    The paper leaves the one-dimensional form open: kernels of 3, and one linear layer on the mean over time in the
    place of the three dense layers.

    Args:
        channels: Signal channels.
        width: Factor on the number of filters of every block.
    """
    if width <= 0 or round(64 * width) < 1:
        raise ConfigError(f"vgg16: width {width} leaves no filters: give 1, or a share such as 0.25")
    blocks, features, inputs = [], [], channels
    for filters, count in _GROUPS:
        for index in range(count):
            features.append(round(filters * width))
            blocks.append(_block(inputs, features[-1], halve=index == count - 1))
            inputs = features[-1]
    return Backbone(blocks, features, [count for _, count in _GROUPS])
