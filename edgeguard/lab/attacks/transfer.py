"""Transfer from a twin: windows are perturbed against a network that the attacker has, and played to ours."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import Attack, attack_named
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.result import AttackResult
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.run import Run


@dataclass(frozen=True)
class Transfer:
    """Any attack, computed on a twin: ours is asked for nothing, so the result does not say who is fooled.

    Attributes:
        threat: The ball that is never left.
        run: Folder of the twin's finished run.
        twin: The twin itself, in the place of a run.
        attack: Registered attack that is run on the twin.
        options: The attack's own.
    """

    threat: Threat
    _: KW_ONLY
    run: str | None = None
    twin: Net | None = field(default=None, repr=False, compare=False)
    attack: str = "pgd"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.run is None) == (self.twin is None):
            raise ConfigError("transfer needs one twin: give the option run, the folder of a finished run")
        self._attack()  # a wrong option shows before anything is loaded

    def prepared(self, net: Net, knowledge: Knowledge) -> Attack:
        """The attack with its twin loaded; the twin's attack is told what `knowledge` tells.

        Raises:
            ConfigError: the run is not finished, or the twin's input or classes are others than `net`'s.
            DataError: the run is damaged.
        """
        twin = self._twin(knowledge.x.device, knowledge.signal.shape)
        _require_fit(twin, net, knowledge.x)
        return _OnTwin(twin, prepared(self._attack(), twin, knowledge))

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) as the twin's attack does, with its self-checks; errors as `prepared`."""
        twin = self._twin(x.device, tuple(x.shape[1:]))
        return _OnTwin(twin, self._attack())(net, x, y, target)

    def _attack(self) -> Attack:
        return attack_named(self.attack, self.threat, self.options)

    def _twin(self, device: torch.device, shape: tuple[int, ...]) -> Net:
        """The twin on `device`, a copy where it lies elsewhere."""
        if self.twin is not None:
            there = next(self.twin.parameters()).device
            return self.twin if there == device else copy.deepcopy(self.twin).to(device)
        run = Run(Path(str(self.run)))
        if (expected := run.facts().signal.shape) != shape:
            raise ConfigError(
                f"{run.folder} takes windows of shape {list(expected)}, not {list(shape)}: give a run on the same data"
            )
        with torch.random.fork_rng([device] if device.type == "cuda" else []):  # building a network seeds torch
            return run.net().to(device)


@dataclass(frozen=True)
class _OnTwin:
    twin: Net
    attack: Attack

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        _require_fit(self.twin, net, x)
        return replace(self.attack(self.twin, x, y, target), fooled=None)


def _require_fit(twin: Net, net: Net, x: Tensor) -> None:
    """ConfigError where the twin cannot read x, or tells other classes apart than `net`."""
    with attacked(twin), attacked(net), torch.no_grad():
        ours = net(x[:1]).shape[-1]
        try:
            theirs = twin(x[:1]).shape[-1]
        except RuntimeError as error:
            shape = list(x.shape[1:])
            raise ConfigError(f"the twin cannot read windows of shape {shape}: give one of the same input") from error
    if theirs != ours:
        raise ConfigError(f"the twin knows {theirs} classes, the network {ours}: give one trained on the same classes")
