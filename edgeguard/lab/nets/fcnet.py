"""FCNet (Wang, Yan & Oates 2017): the fully convolutional network of the early-exit paper's ECG half."""

from __future__ import annotations

from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone


def _block(channels: int, filters: int, kernel: int) -> nn.Sequential:
    same = nn.ConstantPad1d(((kernel - 1) // 2, kernel // 2), 0.0)  # an even kernel has no symmetric "same" padding
    return nn.Sequential(same, nn.Conv1d(channels, filters, kernel), nn.BatchNorm1d(filters), nn.ReLU())


def fcnet(channels: int, *, filters: int | list[int] = 128, kernels: tuple[int, ...] = (8, 5, 5, 3)) -> Backbone:
    """Conv1d-BatchNorm-ReLU blocks, stride 1, same padding: x (batch, channels, time) to (batch, filters, time).

    Args:
        channels: Signal channels.
        filters: Of every block, or one number per block.
        kernels: Kernel size of each block.
    """
    widths = [filters] * len(kernels) if isinstance(filters, int) else filters
    if not kernels or len(widths) != len(kernels) or min(*widths, *kernels) < 1:
        raise ConfigError(f"fcnet: filters {filters} do not fit kernels {list(kernels)}: give one positive number each")
    inputs = [channels, *widths[:-1]]
    blocks = [_block(*sizes) for sizes in zip(inputs, widths, kernels, strict=True)]
    return Backbone(blocks, widths)
