"""Many networks of one shape trained together: their weights are stacked, and one step is one launch for all.

Adam and the losses work weight by weight and network by network, so each network gets the weights that `trained_alone`
gives it, up to rounding. What rounding can do: where units saturate, as with a table's raw numbers, float32 moves
confidences more than a left-out sample does; float64 does not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.objective import ensemble_logits
from edgeguard.lab.defenses.standard import exit_losses
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.stacked_dense import stacked_dense

NOTHING: Final = -1  # as a left-out sample

MakeNet = Callable[[int], Net]


class Member(NamedTuple):
    """One network: the seed of its first weights and of its batches, and the sample it never learns from."""

    seed: int
    left_out: int = NOTHING


@dataclass(frozen=True)
class Rows:
    """What is learned from.

    Attributes:
        x: (n, …) inputs; networks are trained on their device and in their precision.
        y: (n,) classes.
        samples: (n,) the sample that each row comes from: copies and adversarial twins go with it when it is left out.
    """

    x: Tensor
    y: Tensor
    samples: Tensor


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: Adam, batches in an order drawn anew each epoch, as in `edgeguard.lab.training`."""

    epochs: int
    batch_size: int
    learning_rate: float

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.learning_rate <= 0:
            raise ConfigError(
                f"training needs epochs ≥ 1, batch_size ≥ 1 and learning_rate > 0, not {self.epochs}, "
                f"{self.batch_size}, {self.learning_rate}"
            )


class Stack:
    """Networks of one shape as one, whose every weight has a first axis for the network."""

    def __init__(self, nets: Sequence[Net]) -> None:
        self.weights, self._buffers = stack_module_state(list(nets))
        self._shape = copy.deepcopy(nets[0]).to("meta")
        self._dense = stacked_dense(nets[0], self.weights)

    def logits(self, x: Tensor, *, shared: bool) -> Tensor:
        """(nets, batch, exits, classes) of x (batch, …) for all of them, or of x (nets, batch, …), a batch for each."""
        if self._dense is not None:
            return torch.stack(self._dense.exit_logits(x), dim=2)
        ways = (0, 0, None if shared else 0)
        logits: Tensor = vmap(self._one, in_dims=ways)(self.weights, self._buffers, x)
        return logits

    def confidences(self, x: Tensor, batch: int = 500) -> Tensor:
        """(nets, n, classes) of the averaged exits on x (n, …)."""
        with torch.no_grad():
            parts = [self.logits(part, shared=True) for part in torch.split(x, batch)]
        return torch.stack([ensemble_confidences(torch.cat(of_one)) for of_one in zip(*parts, strict=True)])

    def _one(self, weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Tensor:
        logits: Tensor = functional_call(self._shape, (weights, buffers), (x,))
        return logits


def trained_together(make_net: MakeNet, members: Sequence[Member], rows: Rows, schedule: Schedule) -> Stack:
    """Train a network for each member, all at once.

    A row that is left out stays in its batch with weight 0, so that batches, their order and the number of steps are
    those of all others; a batch of which nothing is left is a step without a gradient. ConfigError for networks with
    batch normalization, in which the row would still show, or dropout.
    """
    nets = [make_net(seed).to(rows.x).train() for seed, _ in members]
    _require_no_dropout(nets[0])
    if any(isinstance(module, _BatchNorm) for module in nets[0].modules()):
        raise ConfigError("batch normalization shows a left-out sample to its batch: train one network at a time")
    stack, left_out = Stack(nets), torch.tensor([member.left_out for member in members], device=rows.x.device)
    adam = torch.optim.Adam(stack.weights.values(), lr=schedule.learning_rate, fused=True)
    for batch in _batches([member.seed for member in members], rows, schedule):
        logits, y = stack.logits(rows.x[batch], shared=batch.dim() == 1), rows.y[batch].expand(len(members), -1)
        losses = exit_losses(logits.flatten(0, 1), y.flatten()).sum(dim=1).view(y.shape)
        kept = (rows.samples[batch] != left_out[:, None]).to(losses.dtype)
        adam.zero_grad()
        torch.autograd.backward((losses * (kept / kept.sum(dim=1, keepdim=True).clamp(min=1))).sum())
        adam.step()
    return stack


def trained_alone(make_net: MakeNet, member: Member, rows: Rows, schedule: Schedule) -> Net:
    """Train the network of one member with its left-out rows taken out of their batches; ConfigError for dropout."""
    net = make_net(member.seed).to(rows.x).train()
    _require_no_dropout(net)
    adam = torch.optim.Adam(net.parameters(), lr=schedule.learning_rate)
    for whole in _batches([member.seed], rows, schedule):
        batch = whole[rows.samples[whole] != member.left_out]
        losses = exit_losses(net(rows.x[batch]), rows.y[batch]).sum(dim=1)
        adam.zero_grad()
        torch.autograd.backward(losses.sum() / max(len(batch), 1))
        adam.step()
    return net.eval()


def ensemble_confidences(logits: Tensor) -> Tensor:
    """Averaged softmax (Eq. 2 of the early-exit paper): logits (n, exits, classes) to (n, classes)."""
    return ensemble_logits(logits).softmax(dim=-1)


def _batches(seeds: Sequence[int], rows: Rows, schedule: Schedule) -> Iterator[Tensor]:
    """Row numbers of each step: (batch,) where all seeds are one, else (nets, batch)."""
    shared = len(set(seeds)) == 1
    for epoch in range(1, schedule.epochs + 1):
        orders = [_order(seed, epoch, len(rows.y)) for seed in (seeds[:1] if shared else seeds)]
        order = orders[0] if shared else torch.stack(orders)
        yield from torch.split(order.to(rows.x.device), schedule.batch_size, dim=-1)


def _order(seed: int, epoch: int, rows: int) -> Tensor:
    epoch_seed = int(np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint32)[0])
    return torch.randperm(rows, generator=torch.Generator().manual_seed(epoch_seed))


def _require_no_dropout(net: nn.Module) -> None:
    if any(isinstance(module, _DropoutNd) and module.p > 0 for module in net.modules()):
        raise ConfigError("dropout draws anew where a sample is missing, which would differ too: set it to 0")
