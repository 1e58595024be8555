"""FCNet (Wang, Yan & Oates 2017): the fully convolutional network of the early-exit paper's ECG half."""

from __future__ import annotations

from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone


def _block(channels: int, filters: int, kernel: int, dilation: int) -> nn.Sequential:
    reach = (kernel - 1) * dilation
    same = nn.ConstantPad1d((reach // 2, reach - reach // 2), 0.0)  # an even kernel has no symmetric "same" padding
    convolution = nn.Conv1d(channels, filters, kernel, dilation=dilation)
    return nn.Sequential(same, convolution, nn.BatchNorm1d(filters), nn.ReLU())


def fcnet(
    channels: int,
    *,
    filters: int | list[int] = 128,
    kernels: tuple[int, ...] = (8, 5, 5, 3),
    dilations: tuple[int, ...] = (),
) -> Backbone:
    """Conv1d-BatchNorm-ReLU blocks, stride 1, same padding: x (batch, channels, time) to (batch, filters, time).

    Args:
        channels: Signal channels.
        filters: Of every block, or one number per block.
        kernels: Kernel size of each block.
        dilations: Samples from one tap of each block's kernel to the next; 1 unless told. Larger ones let the later
            blocks see the beats around one at no more cost.
    """
    widths = [filters] * len(kernels) if isinstance(filters, int) else filters
    if not kernels or len(widths) != len(kernels) or min(*widths, *kernels) < 1:
        raise ConfigError(f"fcnet: filters {filters} do not fit kernels {list(kernels)}: give one positive number each")
    steps = dilations or (1,) * len(kernels)
    if len(steps) != len(kernels) or min(steps) < 1:
        raise ConfigError(
            f"fcnet: dilations {list(steps)} do not fit kernels {list(kernels)}: give one positive number each"
        )
    inputs = [channels, *widths[:-1]]
    blocks = [_block(*sizes) for sizes in zip(inputs, widths, kernels, steps, strict=True)]
    return Backbone(blocks, widths)
