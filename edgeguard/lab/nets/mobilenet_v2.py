"""MobileNetV2 (Sandler, Howard, Zhu, Zhmoginov & Chen 2018) in one dimension: few multiplications for small devices."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone

_STEM: Final = 32
_LAST: Final = 1280
# expansion, filters, blocks and the stride of the first one: the original's table 2
_GROUPS: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _convolution(inputs: int, filters: int, kernel: int, stride: int = 1, *, groups: int = 1) -> nn.Sequential:
    layer = nn.Conv1d(inputs, filters, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm1d(filters), nn.ReLU6())


class _InvertedResidual(nn.Module):
    """Widen, filter each feature by itself, narrow without a nonlinearity; the input is added where shapes agree."""

    def __init__(self, inputs: int, filters: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        widen = [_convolution(inputs, hidden, 1)] if expansion != 1 else []
        narrow = [nn.Conv1d(hidden, filters, 1, bias=False), nn.BatchNorm1d(filters)]
        self.layers = nn.Sequential(*widen, _convolution(hidden, hidden, 3, stride, groups=hidden), *narrow)
        self.adds = stride == 1 and inputs == filters

    def forward(self, h: Tensor) -> Tensor:
        out: Tensor = self.layers(h)
        return h + out if self.adds else out


def mobilenet_v2(channels: int, *, width: float = 1.0) -> Backbone:
    """Seventeen inverted residual blocks in seven groups: (batch, channels, time) to (batch, 1280, time / 32).

    The stem belongs to the first block, the last convolution of 1 to the last one.

    Args:
        channels: Signal channels.
        width: Factor on the number of filters of stem and blocks; above 1 on the last convolution too.
    """
    if width <= 0 or round(_GROUPS[0][1] * width) < 1:
        raise ConfigError(f"mobilenet_v2: width {width} leaves no filters: give 1, or a share such as 0.25")
    inputs = round(_STEM * width)
    blocks: list[nn.Module] = []
    features = []
    stem = _convolution(channels, inputs, 3, 2)
    for expansion, filters, count, stride in _GROUPS:
        for index in range(count):
            features.append(round(filters * width))
            blocks.append(_InvertedResidual(inputs, features[-1], stride if index == 0 else 1, expansion))
            inputs = features[-1]
    features[-1] = round(_LAST * max(width, 1.0))
    blocks = [
        nn.Sequential(stem, blocks[0]),
        *blocks[1:-1],
        nn.Sequential(blocks[-1], _convolution(inputs, features[-1], 1)),
    ]
    return Backbone(blocks, features, [count for _, _, count, _ in _GROUPS])
