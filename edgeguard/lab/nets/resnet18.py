"""ResNet18 (He, Zhang, Ren & Sun 2016) in one dimension."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone

_GROUPS: Final = ((64, 1), (128, 2), (256, 2), (512, 2))  # filters, and the stride of the group's first block


class _Residual(nn.Module):
    """Two convolutions around which the input is added, through a convolution of 1 where its shape is another."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(inputs, filters, 3, stride, padding=1, bias=False),
            nn.BatchNorm1d(filters),
            nn.ReLU(),
            nn.Conv1d(filters, filters, 3, padding=1, bias=False),
            nn.BatchNorm1d(filters),
        )
        self.shortcut = (
            nn.Identity()
            if stride == 1 and inputs == filters
            else nn.Sequential(nn.Conv1d(inputs, filters, 1, stride, bias=False), nn.BatchNorm1d(filters))
        )
        self.relu = nn.ReLU()

    def forward(self, h: Tensor) -> Tensor:
        out: Tensor = self.relu(self.layers(h) + self.shortcut(h))
        return out


def resnet18(channels: int, *, width: float = 1.0) -> Backbone:
    """A stem and eight residual blocks in four groups: (batch, channels, time) to (batch, 512 · width, time / 32).

    The stem is the original's: a kernel of 7 and a pool of 3, each with a stride of 2.

    Args:
        channels: Signal channels.
        width: Factor on the number of filters of every block.
    """
    if width <= 0 or round(64 * width) < 1:
        raise ConfigError(f"resnet18: width {width} leaves no filters: give 1, or a share such as 0.25")
    inputs = round(64 * width)
    stem = nn.Sequential(
        nn.Conv1d(channels, inputs, 7, 2, padding=3, bias=False),
        nn.BatchNorm1d(inputs),
        nn.ReLU(),
        nn.MaxPool1d(3, 2, padding=1),
    )
    blocks: list[nn.Module] = []
    features = []
    for filters, stride in _GROUPS:
        for step in (stride, 1):
            features.append(round(filters * width))
            blocks.append(_Residual(inputs, features[-1], step))
            inputs = features[-1]
    return Backbone([nn.Sequential(stem, blocks[0]), *blocks[1:]], features, [2] * len(_GROUPS))
