"""What a clinic knows besides the messages, as files: who wears what, and what some windows really were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from edgeguard import csv_text
from edgeguard.fleet import label_file
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.simulation.device import SOURCE, Judged
from edgeguard.fleet.simulation.models import OLD
from edgeguard.fleet.simulation.plan import Plan
from edgeguard.fleet.wearer_file import Wearing, written

_SAMPLED: Final = 0.05


def wearers_csv(plan: Plan) -> str:
    """The wearers' CSV: groups, and who wears which device from the first message on."""
    began_ms = plan.wishes.began_ms - DAY_MS  # the first interval began a little before
    return written(
        (
            fate.wearer.pseudonym,
            dict(fate.wearer.groups),
            [Wearing(fate.wearer.pseudonym, fate.address.fleet, fate.address.device, SOURCE, began_ms, None)],
        )
        for fate in plan.fates
    )


class Labelled:
    """The windows that a clinician has time for: all that raised an alarm, and a few drawn at random."""

    def __init__(self, seed: int) -> None:
        self.rows: list[Judged] = []
        self._rng = np.random.default_rng([seed, 2])

    def add(self, judged: Sequence[Judged]) -> None:
        """Choose among more windows."""
        drawn = self._rng.random(len(judged)) < _SAMPLED
        self.rows += [known for known, sampled in zip(judged, drawn, strict=True) if known.alarmed or sampled]


def labels_csv(judged: Sequence[Judged], fleet: str) -> str:
    """The labels' CSV: what each window really was, and what the ensemble gave each class."""
    classes = [name for name, _ in OLD.classes]
    rows = (
        [
            *(fleet, known.device, known.boot, SOURCE, str(known.window_start), iso_from_unix_ms(known.at_ms)),
            known.truth,
            *(f"{known.probabilities[name]:.9f}" for name in classes),
        ]
        for known in judged
    )
    return csv_text.written([*label_file.COLUMNS, *classes], rows)
