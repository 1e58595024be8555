"""Exits trained apart: their input gradients may neither grow nor align, and no adversarial example is made for it.

Two exits that read the same stages fall to one perturbation as far as their gradients point the same way, and each
falls the more easily the longer its gradient is for its margin (Kariyappa & Qureshi 2019 and Yang et al. 2021, "TRS",
for ensembles of separate networks).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.threat import threat_at
from edgeguard.lab.defenses.standard import Standard
from edgeguard.lab.nets.batch_norm import settled
from edgeguard.lab.nets.early_exit import Net


class Decorrelated:
    """L = L_Eq.1 + growth · Σ_k softplus(ε‖∇m_k‖* − m_k) + alignment · mean_{j<k} max(cos(∇m_j, ∇m_k), 0).

    m_k is the margin of exit k, the true class's logit minus the largest other one, and ‖·‖* the dual of the threat's
    norm: m_k − ε‖∇m_k‖* is what the margin falls to within the ball where the exit is linear there. A margin, unlike a
    cross-entropy, has a gradient however sure the exit is, so being sure is no way out. The gradients are those of
    evaluation mode, at a random point of the ball. Both sums are estimated on each batch from two exits drawn for each
    window: two gradients, however many exits.

    Options:
        epsilon: Radius within which the margins should hold: a number, one per channel, or a ratio as ``"20 dB"``.
        norm: Of the ball.
        growth: Weight of the term that keeps gradients short.
        alignment: Weight of the term that keeps them apart.
        noise: How far from the window the gradients are taken, at most, as a share of ε below 1.
        alpha: Weights of the early exits, as for ``standard``.
    """

    def __init__(
        self,
        exits: int,
        *,
        epsilon: float | list[float] | str,
        norm: str = "linf",
        growth: float = 1.0,
        alignment: float = 1.0,
        noise: float = 0.99,
        alpha: float | list[float] = 1.0,
    ) -> None:
        if growth < 0 or alignment < 0 or not 0 <= noise < 1:
            raise ConfigError(
                f"decorrelated needs growth ≥ 0, alignment ≥ 0 and 0 ≤ noise < 1, not {growth}, {alignment}, {noise}"
            )
        self._threat, self._noise = threat_at(epsilon, norm), noise
        self._growth, self._alignment = growth * exits, alignment if exits > 1 else 0.0
        self._standard = Standard(exits, alpha=alpha)

    def loss(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """The three terms on one batch."""
        eq1 = self._standard.loss(net, x, y)
        if not self._growth and not self._alignment:
            return eq1
        inner = net if isinstance(net, Net) else net.module  # Eq. 1 above synchronizes the gradients
        ball = self._threat.ball(self._near(x))
        margins, gradients = _margins_of_two_exits(inner, ball.x, y)
        falls = [(gradient * ball.uphill(gradient)).flatten(1).sum(dim=1) for gradient in gradients]
        grown = [F.softplus(fall - margin).mean() for fall, margin in zip(falls, margins, strict=True)]
        total = eq1 + self._growth * torch.stack(grown).mean()
        if not self._alignment:
            return total
        aligned = F.cosine_similarity(gradients[0].flatten(1), gradients[1].flatten(1))
        return total + self._alignment * aligned.relu().mean()

    def seen(self, net: Net, x: Tensor, y: Tensor) -> Tensor:  # noqa: ARG002 (the contract of all defenses)
        """The clean windows."""
        return x

    def end_epoch(self, validation: Mapping[str, float]) -> None:
        """Nothing to adapt."""

    def _near(self, x: Tensor) -> Tensor:
        """A random point of each window's ball."""
        share, seed = self._noise * float(torch.rand(())), int(torch.randint(2**31, ()))
        return self._threat.ball(x).start(share, seed)


def _margins_of_two_exits(net: Net, x: Tensor, y: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Margin (batch,) and its gradient by x of two exits drawn for each window; of the only one, where there is one."""
    at = x.detach().requires_grad_()
    with settled(net) as forward, torch.enable_grad():
        margins = exit_margins(forward(at), y)
        drawn = torch.rand(margins.shape, device=margins.device).argsort(dim=1)[:, :2]
        chosen = list(margins.gather(1, drawn).unbind(dim=1))
        gradients: list[Any] = [torch.autograd.grad(one.sum(), at, create_graph=True)[0] for one in chosen]
    return chosen, gradients


def exit_margins(logits: Tensor, y: Tensor) -> Tensor:
    """Margins (batch, exits) of logits (batch, exits, classes): the true class's y (batch,) minus the largest other."""
    own = y[:, None, None].expand(-1, logits.shape[1], 1)
    return logits.gather(2, own)[..., 0] - logits.scatter(2, own, -torch.inf).amax(dim=2)
