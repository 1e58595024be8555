"""Exits for any torch network, by the names of its submodules and without editing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.nets.heads import early_heads
from edgeguard.registry import near_match


class _Leave(Exception):
    def __init__(self, features: Tensor) -> None:
        self.features = features


class TappedNet(Net):
    """A foreign backbone whose named submodules are tapped by exit heads; its own output is the last exit."""

    def __init__(
        self, backbone: nn.Module, taps: Sequence[str], heads: Sequence[nn.Module], *, detached: bool = False
    ) -> None:
        super().__init__(detached=detached)
        self.backbone = backbone
        self.taps = tuple(taps)
        self.heads = nn.ModuleList(heads)

    @property
    def exits(self) -> int:
        """Number of exits, the backbone's own output included."""
        return len(self.taps) + 1

    def exit_logits(self, x: Tensor) -> list[Tensor]:
        """Logits (batch, classes) of every exit, from one forward of the backbone."""
        with tapped(self.backbone, self.taps) as features:
            own = self.backbone(x)
        read = [self.read_by_head(features[tap], index) for index, tap in enumerate(self.taps)]
        early = [head(part) for head, part in zip(self.heads, read, strict=True)]
        return [*early, own]

    def logits_at(self, x: Tensor, exit_index: int) -> Tensor:
        """Logits (batch, classes) of one exit; the backbone's forward is left at its tap."""
        index = range(self.exits)[exit_index]
        if index == len(self.taps):
            own: Tensor = self.backbone(x)
            return own
        try:
            with tapped(self.backbone, self.taps[index : index + 1], leave=True):
                self.backbone(x)
        except _Leave as left:
            logits: Tensor = self.heads[index](self.read_by_head(left.features, index))
            return logits
        raise RuntimeError(f"tap {self.taps[index]!r} was not reached")


@contextmanager
def tapped(backbone: nn.Module, taps: Sequence[str], *, leave: bool = False) -> Iterator[dict[str, Tensor]]:
    """While open, a forward of `backbone` fills the yielded dict with the output of each tap, in order of execution.

    With `leave`, the first tap reached ends the forward by an exception that carries its output.
    """
    features: dict[str, Tensor] = {}

    def hook_for(tap: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if not isinstance(output, Tensor):
                raise ConfigError(
                    f"tap {tap!r} puts out a {type(output).__name__}, not a tensor: tap another submodule"
                )
            if tap in features:
                raise ConfigError(f"tap {tap!r} runs more than once in a forward: tap a submodule that runs once")
            features[tap] = output
            if leave:
                raise _Leave(output)

        return hook

    handles = [backbone.get_submodule(tap).register_forward_hook(hook_for(tap)) for tap in taps]
    try:
        yield features
    finally:
        for handle in handles:
            handle.remove()


def with_exits(
    backbone: nn.Module, taps: Sequence[str], gamma: float = 0.0, *, detached: bool = False, example: Tensor
) -> TappedNet:
    """`backbone` with an early exit at each of `taps`, for any network that puts out logits (batch, classes).

    Args:
        backbone: Any torch module; it is not changed.
        taps: Names of submodules, as in ``backbone.named_modules()``; each must run once and put out (batch, K, …).
        gamma: Capacity factor γ of the exit heads (Eq. 3), with K_B the features of the deepest tap.
        detached: Train the backbone by its own output alone, as for `Net`.
        example: An input (batch, channels, time…), run once to find the features at each tap.

    Raises:
        ConfigError: a tap that does not exist, does not run, runs twice or puts out no tensor.
    """
    known = [name for name, _ in backbone.named_modules() if name]
    for tap in taps:
        if tap not in known:
            raise ConfigError(f"the network has no submodule {tap!r}{near_match(tap, known)}")
    training = backbone.training
    backbone.eval()
    with torch.no_grad(), tapped(backbone, taps) as features:
        logits = backbone(example)
    backbone.train(training)
    if unreached := set(taps) - set(features):
        raise ConfigError(f"submodule {min(unreached)!r} does not run in a forward of the network: tap another")
    if not (isinstance(logits, Tensor) and logits.dim() == 2):
        raise ConfigError("the network must put out logits of shape (batch, classes): wrap it so that it does")
    widths = [tensor.shape[1] for tensor in features.values()]
    heads = early_heads(widths, logits.shape[1], gamma, max(widths[-1:], default=0))
    return TappedNet(backbone, list(features), heads, detached=detached)
