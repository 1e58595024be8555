"""The contract of all networks, and ours: stages with a head each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.heads import ExitHead, Placement, early_heads, exit_blocks


@dataclass(frozen=True)
class Backbone:
    """A plain network as blocks in order.

    Attributes:
        blocks: Each runs on what the one before put out; a head of its own reads the last.
        features: That each block puts out.
        groups: Blocks in each of the groups that the network is made of, in order; empty where it has none of its own.
    """

    blocks: Sequence[nn.Module]
    features: Sequence[int]
    groups: Sequence[int] = ()


class Net(nn.Module):
    """What losses, attacks, metrics and export know of a network: its exits, in order of depth.

    Args:
        detached: In training mode no gradient flows from an early head into the features it reads, so that the
            backbone is trained by the last exit alone. In evaluation mode, as attacks see it, all gradients flow.
    """

    def __init__(self, *, detached: bool = False) -> None:
        super().__init__()
        self.detached = detached

    @property
    def exits(self) -> int:
        """Number of exits, the backbone's own head included."""
        raise NotImplementedError

    def exit_logits(self, x: Tensor) -> list[Tensor]:
        """Logits (batch, classes) of every exit."""
        raise NotImplementedError

    def read_by_head(self, features: Tensor, exit_index: int) -> Tensor:
        """The features as the head of an exit reads them: detached where its gradient must not reach the backbone."""
        cut = self.detached and self.training and exit_index < self.exits - 1
        return features.detach() if cut else features

    def logits_at(self, x: Tensor, exit_index: int) -> Tensor:
        """Logits (batch, classes) of one exit, computed no deeper than that exit; negative counts from the last."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """The one tensor of the house: logits (batch, exits, classes) of x (batch, channels, time…)."""
        return torch.stack(self.exit_logits(x), dim=1)


class EarlyExitNet(Net):
    """Stage k runs on what stage k-1 put out; head k turns it into the logits of exit k."""

    def __init__(self, stages: Sequence[nn.Module], heads: Sequence[nn.Module], *, detached: bool = False) -> None:
        super().__init__(detached=detached)
        if len(stages) != len(heads):
            raise ValueError(f"{len(stages)} stages need as many heads, not {len(heads)}")
        self.stages = nn.ModuleList(stages)
        self.heads = nn.ModuleList(heads)

    @property
    def exits(self) -> int:
        """Number of exits, the backbone's own head included."""
        return len(self.heads)

    def exit_logits(self, x: Tensor) -> list[Tensor]:
        """Logits (batch, classes) of every exit, each stage run once."""
        logits = []
        for index, (stage, head) in enumerate(zip(self.stages, self.heads, strict=True)):
            x = stage(x)
            logits.append(head(self.read_by_head(x, index)))
        return logits

    def logits_at(self, x: Tensor, exit_index: int) -> Tensor:
        """Logits (batch, classes) of one exit; only the stages it needs are run."""
        last = range(self.exits)[exit_index]
        for stage in self.stages[: last + 1]:
            x = stage(x)
        logits: Tensor = self.heads[last](self.read_by_head(x, last))
        return logits


def early_exit_net(
    backbone: Backbone,
    classes: int,
    placement: Placement = "blockwise",
    gamma: float = 0.0,
    *,
    detached: bool = False,
) -> EarlyExitNet:
    """`backbone` with early exits at `placement` and its own head as the last exit.

    The own head reads what the last block puts out; an exit that stands there too is another head on the same features.
    ConfigError where the placement leaves no early exit.
    """
    ends = exit_blocks(backbone.features, placement, backbone.groups)
    if not ends:
        raise ConfigError(
            "the backbone is one group, so that no early exit is semantic: set net.placement = 'blockwise'"
        )
    starts = [0, *(end + 1 for end in ends)]
    pieces = [
        backbone.blocks[start:end] for start, end in zip(starts, [*starts[1:], len(backbone.blocks)], strict=True)
    ]
    stages = [nn.Sequential(*piece) if piece else nn.Identity() for piece in pieces]
    heads = early_heads([backbone.features[end] for end in ends], classes, gamma, backbone.features[-1])
    return EarlyExitNet(stages, [*heads, ExitHead(backbone.features[-1], classes)], detached=detached)


def undefended_net(backbone: Backbone, classes: int) -> EarlyExitNet:
    """`backbone` with its own head alone: one exit."""
    return EarlyExitNet([nn.Sequential(*backbone.blocks)], [ExitHead(backbone.features[-1], classes)])
