"""Dense networks whose weights are stacked, without vmap: fewer passes over memory, where a CPU spends its time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

from edgeguard.lab.nets.early_exit import EarlyExitNet, Net
from edgeguard.lab.nets.heads import ExitHead

# what these do to (batch, features) they do to (nets, batch, features) as well, once Linear and Tanh are replaced
_KNOWN: Final = {EarlyExitNet, ExitHead, nn.Identity, nn.Linear, nn.ModuleList, nn.ReLU, nn.Sequential, nn.Tanh}


def stacked_dense(net: Net, weights: Mapping[str, Tensor]) -> EarlyExitNet | None:
    """`net` with the stacked `weights` (nets, …) in place of its own; None where not all its layers are dense.

    It maps x (nets, batch, features), or (batch, features) for all of them, to exit logits (nets, batch, classes).
    """
    if not isinstance(net, EarlyExitNet) or {type(module) for module in net.modules()} - _KNOWN:
        return None
    twin = copy.deepcopy(net)
    for name, module in net.named_modules():
        parent, _, own = name.rpartition(".")
        if isinstance(module, nn.Linear):
            setattr(twin.get_submodule(parent), own, _Linear(weights[f"{name}.weight"], weights.get(f"{name}.bias")))
        elif isinstance(module, nn.Tanh):
            setattr(twin.get_submodule(parent), own, _Tanh())
    heads = [head.layers if isinstance(head, ExitHead) else head for head in twin.heads]  # there is nothing to pool
    return EarlyExitNet(list(twin.stages), heads)


class _Linear(nn.Module):
    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self._weight, self._bias = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 2:
            x = x.expand(len(self._weight), *x.shape)
        if self._bias is None:
            return torch.bmm(x, self._weight.mT)
        return torch.baddbmm(self._bias[:, None], x, self._weight.mT)


class _Tanh(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = _TanhBySigmoid.apply(x)  # type: ignore[no-untyped-call]  # torch has no types for it
        return found


class _TanhBySigmoid(torch.autograd.Function):
    """|tanh x| = 1 − 2q and tanh′ x = 4q (1 − q), with q = σ(−2|x|).

    Torch takes 1 − tanh² for the slope, which is nothing but rounding where a unit is saturated; Adam makes whole steps
    of it, and networks that should be equal drift apart. Torch's sigmoid is also vectorized better than its tanh.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        q = x.abs().mul_(-2).sigmoid_()
        ctx.save_for_backward(q)
        return torch.rsub(q, 1, alpha=2).copysign_(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (q,) = ctx.saved_tensors
        slope: Tensor = torch.ops.aten.sigmoid_backward(gradient, q)  # gradient · q (1 − q)
        return slope.mul_(4)
