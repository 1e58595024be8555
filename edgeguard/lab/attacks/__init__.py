"""Attacks by name: a frozen dataclass of hyper-parameters, called with (net, x, y), answers inside its threat model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from torch import Tensor

from edgeguard.lab.attacks.result import AttackResult
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import Net
from edgeguard.registry import Registry, call_with_options


class Attack(Protocol):
    """What evaluation and defenses know of an attack."""

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:
        """Perturb x (batch, channels, time…) of true classes y (batch,), within the attack's threat model.

        Untargeted unless the classes (batch,) are given toward which it should go.
        """
        ...


ATTACKS: Final[Registry[Callable[..., Attack]]] = Registry(
    "attack",
    {
        "apgd_ce": "edgeguard.lab.attacks.apgd:AutoPGDCrossEntropy",
        "apgd_dlr": "edgeguard.lab.attacks.apgd:AutoPGDRatio",
        "carlini_wagner": "edgeguard.lab.attacks.carlini_wagner:CarliniWagner",
        "deepfool": "edgeguard.lab.attacks.deepfool:DeepFool",
        "pgd": "edgeguard.lab.attacks.pgd:PGD",
        "pgd_avg": "edgeguard.lab.attacks.pgd_avg:PGDAverage",
        "pgd_margin": "edgeguard.lab.attacks.pgd_margin:PGDMargin",
        "pgd_max": "edgeguard.lab.attacks.pgd_max:PGDMax",
        "quiet": "edgeguard.lab.attacks.quiet:Quiet",
        "sap": "edgeguard.lab.attacks.sap:SAP",
        "sloth": "edgeguard.lab.attacks.sloth:Sloth",
        "square": "edgeguard.lab.attacks.square:Square",
        "transfer": "edgeguard.lab.attacks.transfer:Transfer",
        "uap": "edgeguard.lab.attacks.uap:UAP",
        "universal": "edgeguard.lab.attacks.universal:universal_from_file",
    },
)


def attack_named(name: str, threat: Threat, options: Mapping[str, Any], *, steps: int | None = None) -> Attack:
    """The registered attack within `threat`; ConfigError names a wrong name or option with its near match.

    `steps` is for attacks that take steps and whose options do not say how many.
    """
    make = ATTACKS.load(name)
    if steps is not None and "steps" in inspect.signature(make).parameters:
        options = {"steps": steps, **options}
    return call_with_options(f"attack {name}", make, options, threat)
