"""Attacks on many windows, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeguard.lab.attacks import Attack, attack_named
from edgeguard.lab.attacks.ball import Bounds
from edgeguard.lab.attacks.objective import verdicts
from edgeguard.lab.attacks.result import Checks, averaged
from edgeguard.lab.attacks.threat import threat_at
from edgeguard.lab.attacks.uap import UAP
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.radius import Epsilon
from edgeguard.lab.recipe import EvaluationTable
from edgeguard.signals.inputs import require_signal
from edgeguard.signals.universal import UniversalPerturbation

BATCH: Final = 250


def attacks_at(table: EvaluationTable, epsilon: Epsilon, limits: Bounds = None) -> dict[str, Attack]:
    """Every attack of a recipe's evaluation at one radius, naive PGD first; ConfigError for a wrong name or option.

    `limits` are those of the data, for a recipe that sets no bounds.
    """
    threat = threat_at(epsilon, table.norm, table.bounds or limits)
    chosen: dict[str, dict[str, Any]] = {"pgd": {}, **table.attacks}
    return {name: attack_named(name, threat, options, steps=table.steps) for name, options in chosen.items()}


def perturb(
    net: Net, attack: Attack, x: NDArray[np.float32], y: Labels, batch: int = BATCH
) -> tuple[NDArray[np.float32], Checks]:
    """All windows x (n, channels, time…) of classes y (n,) perturbed, and the attack's self-checks over them."""
    parts = [attack(net, windows, labels) for windows, labels in _batches(net, x, y, batch)]
    x_adv = torch.cat([part.x_adv.cpu() for part in parts]).numpy()
    return np.asarray(x_adv), averaged([part.checks for part in parts], [len(part.x_adv) for part in parts])


def craft_universal(net: Net, uap: UAP, dataset: Dataset, split: Split) -> UniversalPerturbation:
    """A universal perturbation made on the training part: what an attacker with such signals can do.

    ConfigError where the data set holds no signals.
    """
    signal = require_signal(dataset.signal, "a universal perturbation is for")
    return uap.craft(net, torch.from_numpy(dataset.x[split.train]), signal)


def robust_windows(
    net: Net, attack: Attack, x: NDArray[np.float32], y: Labels, batch: int = BATCH
) -> NDArray[np.bool_]:
    """Which windows (n,) the averaged exits get right, clean and all the way through the attack.

    Their share is the robust accuracy. Faster than `perturb`: a fooled window leaves, where the attack lets it.
    """
    leaving = _leaving(attack)
    right = []
    for windows, labels in _batches(net, x, y, batch):
        result = leaving(net, windows, labels)
        fooled = _wrong(net, result.x_adv, labels) if result.fooled is None else result.fooled
        right.append(~fooled.cpu())
    return np.asarray(torch.cat(right).numpy())


def _leaving(attack: Any) -> Any:
    """The attack as one that lets fooled windows go, where it can."""
    known = {field.name for field in fields(attack)} if is_dataclass(attack) else set()
    return replace(attack, leave=True) if "leave" in known else attack


def _wrong(net: Net, x: Tensor, y: Tensor) -> Tensor:
    training = net.training
    net.eval()
    with torch.no_grad():
        wrong = verdicts(net(x)) != y
    net.train(training)
    return wrong


def _batches(net: Net, x: NDArray[np.float32], y: Labels, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    device = next(net.parameters()).device
    for windows, labels in zip(*(torch.split(torch.from_numpy(part), batch) for part in (x, y)), strict=True):
        yield windows.to(device), labels.to(device)
