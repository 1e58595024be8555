"""Logits of many windows, in batches."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from edgeguard.lab.nets.early_exit import Net

Floats = NDArray[np.float32]


def precision_of(net: Net) -> str:
    """What `net` computes in, as `edgeguard.bundle.fingerprint` names it."""
    return str(next(net.parameters()).dtype).removeprefix("torch.")


def logits_of(net: Net, x: Floats, batch_size: int = 500) -> Floats:
    """Logits (n, exits, classes) of x (n, channels, time…), in evaluation mode; the network's mode is restored."""
    device = next(net.parameters()).device
    training = net.training
    net.eval()
    with torch.no_grad():
        parts = [net(part.to(device)).cpu() for part in torch.split(torch.from_numpy(x), batch_size)]
    net.train(training)
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)
