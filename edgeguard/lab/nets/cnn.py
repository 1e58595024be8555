"""The small convolutional network of Sooksatra & Rivas, "Adversarial training negatively affects fairness" (2022)."""

from __future__ import annotations

from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone


def cnn(
    channels: int,
    height: int,
    width: int,
    *,
    filters: tuple[int, ...] = (32, 64),
    kernel: int = 3,
    hidden: tuple[int, ...] = (128, 64),
) -> Backbone:
    """Conv2d-pooling-ReLU blocks, then Linear-ReLU blocks: x (batch, channels, height, width) to (batch, hidden[-1]).

    Two of each, as the paper has them; it does not say of what sizes. The convolutions keep the size, each pooling
    halves it.

    Args:
        channels: Of the image.
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        filters: Of each convolution.
        kernel: Of all, in pixels; odd.
        hidden: Units of each dense layer.
    """
    if not filters or not hidden or min(*filters, *hidden, kernel) < 1 or kernel % 2 == 0:
        raise ConfigError(
            f"cnn: filters {list(filters)} and hidden {list(hidden)} must be positive numbers, at least one each, and "
            f"kernel {kernel} an odd one"
        )
    rows, columns = (side // 2 ** len(filters) for side in (height, width))
    if min(rows, columns) < 1:
        raise ConfigError(f"cnn: {len(filters)} poolings leave nothing of {height} by {width} pixels: take fewer")
    inputs = (channels, *filters[:-1])
    convolutions = [_convolution(*pair, kernel) for pair in zip(inputs, filters, strict=True)]
    units = (filters[-1] * rows * columns, *hidden[:-1])
    dense = [nn.Sequential(nn.Linear(*pair), nn.ReLU()) for pair in zip(units, hidden, strict=True)]
    dense[0].insert(0, nn.Flatten())
    return Backbone([*convolutions, *dense], (*filters, *hidden), groups=(len(filters), len(hidden)))


def _convolution(channels: int, filters: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, filters, kernel, padding=kernel // 2), nn.MaxPool2d(2), nn.ReLU())
