"""EEGNet (Lawhern et al. 2018), as braindecode has it: a foreign network whose exits stand at taps."""

from __future__ import annotations

from typing import cast

from torch import nn

from edgeguard.errors import ConfigError, MissingExtra
from edgeguard.signals.inputs import require_signal
from edgeguard.signals.spec import InputSpec, Positive

try:
    from braindecode.models import EEGNet
except ModuleNotFoundError as error:
    raise MissingExtra("braindecode") from error
except OSError as error:  # torchaudio, which braindecode needs, is made for one build of torch only
    raise ConfigError(
        f"braindecode cannot be loaded ({error}): install the torchaudio that was made for your torch"
    ) from error


def eegnet(
    signal: InputSpec,
    classes: int,
    *,
    filters: Positive = 8,
    depth: Positive = 2,
    kernel: Positive = 64,
    dropout: float = 0.25,
) -> nn.Module:
    """EEGNet on windows of `signal`: (batch, channels, time) to logits (batch, classes).

    Taps for exits: ``elu_1`` behind the spatial convolution, ``pool_1``, and ``elu_2`` behind the separable one.

    Args:
        signal: Says how many channels and samples a window has.
        classes: How many logits.
        filters: Temporal filters (F1).
        depth: Spatial filters for each (D).
        kernel: Of the temporal filters, in samples; the paper's is half a second.
        dropout: Probability.
    """
    windows = require_signal(signal, "eegnet is for")
    try:
        net = EEGNet(
            n_chans=len(windows.channels),
            n_outputs=classes,
            n_times=windows.window,
            F1=filters,
            D=depth,
            kernel_length=kernel,
            drop_prob=dropout,
        )
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"eegnet cannot be made for windows of {windows.window} samples ({error})") from error
    return cast("nn.Module", net)
