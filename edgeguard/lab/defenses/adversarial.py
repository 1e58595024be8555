"""Adversarial training of exits: windows are attacked before the loss sees them (Table II of the early-exit paper)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from edgeguard.config import record_from
from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import Attack, attack_named
from edgeguard.lab.attacks.threat import threat_at
from edgeguard.lab.defenses import Defense, defense_from_recipe
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import DefenseTable


class Adversarial:
    """L = clean · L(x) + (1 − clean) · L(x_adv), with L of Eq. 1 and x_adv from any attack on the network as it is.

    Options:
        epsilon: Radius of the attack: a number, one per channel, or a ratio such as ``"20 dB"``.
        attack: Registered attack: ``pgd`` sees the last exit, ``pgd_avg`` their average, ``pgd_max`` their maximum.
        attack_options: The attack's own; 10 steps unless they say otherwise, as in the paper.
        norm: Of the ball.
        bounds: Smallest and largest value of the data, where it has any: attacked windows stay between them.
        clean: Share of the clean loss; 0 trains on attacked windows alone, as the paper does.
        alpha: Weights of the early exits in Eq. 1.
        loss: A table like [defense], with name and options: the way of training that L is taken from, in the place of
            Eq. 1.
    """

    def __init__(  # noqa: PLR0913 - the options of a recipe's table
        self,
        exits: int,
        *,
        epsilon: float | list[float] | str,
        attack: str = "pgd",
        attack_options: dict[str, Any] | None = None,
        norm: str = "linf",
        bounds: tuple[float, float] | None = None,
        clean: float = 0.0,
        alpha: float | list[float] = 1.0,
        loss: dict[str, Any] | None = None,
    ) -> None:
        if not 0 <= clean < 1:
            raise ConfigError(f"clean, the share of the clean loss, must be in [0, 1), not {clean}")
        self._clean = clean
        inner = loss or {"name": "standard", "options": {"alpha": alpha}}
        self._inner: Defense = defense_from_recipe(
            record_from(inner, DefenseTable, "the adversarial defense's loss"), exits
        )
        built = attack_named(attack, threat_at(epsilon, norm, bounds), attack_options or {}, steps=10)
        self._attack: Attack = _with(built, check=False)

    def loss(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """The mixed loss on one batch; the attack sees the network in evaluation mode."""
        attacked = self._inner.loss(net, self.seen(net, x, y), y)
        if self._clean == 0:
            return attacked
        return (1 - self._clean) * attacked + self._clean * self._inner.loss(net, x, y)

    def seen(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """The windows attacked anew: every call starts from another random point."""
        inner = net if isinstance(net, Net) else net.module  # the attack needs no gradient synchronization
        return _reseeded(self._attack)(inner, x, y).x_adv

    def end_epoch(self, validation: Mapping[str, float]) -> None:
        """Nothing to adapt."""


def _reseeded(attack: Attack) -> Attack:
    """The attack with a start drawn from torch's generator, which the training loop seeds anew each epoch."""
    fresh: Attack = _with(attack, seed=int(torch.randint(2**31, ())))
    return fresh


def _with(attack: Any, **changes: Any) -> Any:
    """The attack with those of `changes` that it knows."""
    known = {field.name for field in fields(attack)} if is_dataclass(attack) else set()
    return replace(attack, **{name: value for name, value in changes.items() if name in known}) if known else attack
