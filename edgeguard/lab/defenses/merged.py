"""Adversarial training by merging: examples are made once, against a network that was trained before.

Sooksatra & Rivas, "Adversarial training negatively affects fairness" (2022): the training part, and the same attacked
through the finished standard classifier, are one larger training part for another classifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks.threat import threat_at
from edgeguard.lab.attacks.transfer import Transfer
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.defenses.standard import Standard
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.run import Run


class Merged:
    """Eq. 1 on the training part together with the same windows attacked; early stopping looks at clean windows.

    Options:
        run: Folder of the finished standard run, of the same input and classes.
        epsilon: Radius of the attack: a number, one per channel, or a ratio such as ``"20 dB"``.
        attack: Registered attack, on that run's network, within the bounds of its data.
        attack_options: The attack's own.
        norm: Of the ball.
        alpha: Weights of the early exits, as for ``standard``.
    """

    def __init__(
        self,
        exits: int,
        *,
        run: str,
        epsilon: float | list[float] | str,
        attack: str = "pgd",
        attack_options: dict[str, Any] | None = None,
        norm: str = "linf",
        alpha: float | list[float] = 1.0,
    ) -> None:
        self._standard = Standard(exits, alpha=alpha)
        self._run = Run(Path(run))
        threat = threat_at(epsilon, norm, self._run.facts().signal.limits)
        self._attack = Transfer(threat, run=run, attack=attack, options=attack_options or {})

    def enlarged(self, net: Net, x: NDArray[np.float32], y: Labels) -> tuple[NDArray[np.float32], Labels]:
        """Windows x (n, …) and classes y (n,), then the same again, attacked; always the same for the same run.

        ConfigError where the run's network cannot read x or knows other classes.
        """
        twin = self._run.net().to(next(net.parameters()).device)
        x_adv, _ = perturb(net, replace(self._attack, run=None, twin=twin), x, y)
        return np.concatenate([x, x_adv]), np.concatenate([y, y])

    def loss(self, net: Net, x: Tensor, y: Tensor) -> Tensor:
        """Eq. 1 on one batch of the larger part."""
        return self._standard.loss(net, x, y)

    def seen(self, net: Net, x: Tensor, y: Tensor) -> Tensor:  # noqa: ARG002 (the contract of all defenses)
        """The clean windows."""
        return x

    def end_epoch(self, validation: Mapping[str, float]) -> None:
        """Nothing to adapt."""
