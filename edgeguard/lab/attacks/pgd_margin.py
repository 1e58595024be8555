"""PGD on the margin loss: the attack of Carlini & Wagner (2017) in an l∞ ball, as Madry et al. (2018) run it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from edgeguard.lab.attacks.objective import LossName
from edgeguard.lab.attacks.pgd import PGD


@dataclass(frozen=True)
class PGDMargin(PGD):
    """PGD whose loss has a slope even where the softmax is saturated."""

    _: KW_ONLY
    loss: LossName = "margin"
