"""What the last head of a network reads, for networks of ours and foreign ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgeguard.exits.ensemble import Floats
from edgeguard.lab.detection.detector import Batch, CannotFit
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import EarlyExitNet, Net


def last_layer(net: Net, example: Batch) -> nn.Module:
    """The module whose input are the last features: the last head, or in a foreign network what puts out its logits.

    The latter is the layer with weights whose output for the windows `example` (n ≥ 1, channels, time…) equals the last
    exit's logits. CannotFit where there is none, as when a network ends in a softmax.
    """
    if isinstance(net, EarlyExitNet):
        return net.heads[-1]
    layers = [m for m in net.modules() if not list(m.children()) and list(m.parameters(recurse=False))]
    with _calls(layers) as calls:
        logits = torch.from_numpy(logits_of(net, example)[:, -1])
    for layer, (_, output) in reversed(list(calls.items())):
        if output.numel() == logits.numel() and torch.equal(output.reshape(logits.shape), logits):
            return layer
    raise CannotFit("no layer of the network puts out its logits, so that its last features cannot be found")


def last_features(net: Net, layer: nn.Module, x: Batch, batch_size: int = 500) -> Floats:
    """What `layer` reads of windows x (n, channels, time…), averaged over all axes behind the features: (n, K)."""
    parts = []
    for start in range(0, len(x), batch_size):
        with _calls([layer]) as calls:
            logits_of(net, x[start : start + batch_size], batch_size)
        features, _ = calls[layer]
        parts.append((features.flatten(2).mean(-1) if features.dim() > 2 else features).double().numpy())
    return np.concatenate(parts)


@contextmanager
def _calls(layers: list[nn.Module]) -> Iterator[dict[nn.Module, tuple[Tensor, Tensor]]]:
    """While open, the last input and output of each layer that ran, in the order in which they last did."""
    calls: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def hook(layer: nn.Module, inputs: Any, output: Any) -> None:
        if inputs and isinstance(inputs[0], Tensor) and isinstance(output, Tensor):
            calls.pop(layer, None)
            calls[layer] = (inputs[0].detach().cpu(), output.detach().cpu())

    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()
