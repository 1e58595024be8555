"""PGD-AVG (Eq. 7 of the early-exit paper): every step follows the mean loss over all exits."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from edgeguard.lab.attacks.objective import View
from edgeguard.lab.attacks.pgd import PGD


@dataclass(frozen=True)
class PGDAverage(PGD):
    """PGD that looks at all exits; with one exit it is PGD."""

    _: KW_ONLY
    view: View = "average"
