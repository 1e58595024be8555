"""What a clinic knows besides the messages, as files: who wears what, and what some windows really were."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edgeguard.fleet.simulation.device import SOURCE, Judged
from edgeguard.fleet.simulation.plan import Plan
from edgeguard.fleet.wearer_file import Wearing, written


def wearers_csv(plan: Plan) -> str:
    """The wearers' CSV: groups, and who wears which device from the first message on."""
    began_ms = plan.wishes.began_ms - plan.wishes.length_ms  # the first interval began before
    return written(
        (
            fate.wearer.pseudonym,
            dict(fate.wearer.groups),
            [Wearing(fate.wearer.pseudonym, fate.address.fleet, fate.address.device, SOURCE, began_ms, None)],
        )
        for fate in plan.fates
    )
