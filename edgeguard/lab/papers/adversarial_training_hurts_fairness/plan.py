"""What a study is to do: its nets, what is measured of each, and about how much work that is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard.lab.papers.adversarial_training_hurts_fairness.answers import Asking
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import (
    LEAST,
    LEFT_OUT,
    ROBUST,
    STANDARD,
    SUCCESS,
    TRANSFER,
    Published,
)
from edgeguard.lab.papers.adversarial_training_hurts_fairness.recipes import Nets
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import (
    ADVERSARIAL,
    EXITS_ADVERSARIAL,
    ON_THE_FLY,
    Size,
    Subject,
)

_TRAINING_STEPS: Final = 10
_BISECTIONS: Final = 8.0  # about so many attacks that the least ε takes; rough, for the time left alone
_ANEW: Final = {ON_THE_FLY, ADVERSARIAL, EXITS_ADVERSARIAL}


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Attributes:
        subject: The study.
        size: How much of it.
        nets: Their recipes.
        rows: Keys of the nets that are asked for; the first one is what the others are held against.
        measures: What is measured of each.
        seeds: One net of each row for each.
        runs: Where run folders lie.
        device: Where torch computes.
        scale_text: What was reduced, for the reader.
        published: The paper's figures by row.
    """

    subject: Subject
    size: Size
    nets: Nets
    rows: tuple[str, ...]
    measures: frozenset[str]
    seeds: tuple[int, ...]
    runs: Path
    device: str
    scale_text: str
    published: Mapping[str, Published]

    def asking(self, bounds: tuple[float, float] | None) -> Asking:
        """How every net is measured, on input within `bounds`."""
        steps, subject = self.nets.base.evaluation.steps, self.subject
        return Asking(steps, bounds, self.size.per_class, subject.most, subject.tolerance, self.device)

    @property
    def epsilons(self) -> tuple[float, ...]:
        """ε of the success rates that are asked for, in order."""
        return tuple(sorted({*self.subject.epsilons, self.subject.radius})) if SUCCESS in self.measures else ()

    def left_out(self, row: str) -> int:
        """How many nets are trained without one sample: of the paper's two alone."""
        return self.size.left_out if LEFT_OUT in self.measures and row in {STANDARD, ROBUST} else 0

    def epochs(self, row: str) -> int:
        """At most."""
        return self.nets.recipe(row, self.seeds[0]).training.epochs

    def epoch_work(self, row: str, samples: int) -> float:
        """Of one epoch over so many training samples, in passes of one sample."""
        return samples * (1 + _TRAINING_STEPS if row in _ANEW else 2 if row == ROBUST else 1)

    def work(self, training: int, attacked: int) -> dict[Hashable, float]:
        """All of it, by row, seed and what is done, for so many training and attacked samples."""
        attack = attacked * self.nets.base.evaluation.steps
        items: dict[Hashable, float] = {}
        for row in self.rows:
            epochs = self.epochs(row) * self.epoch_work(row, training)
            for seed in self.seeds:
                items[row, seed, "training"] = epochs
                items |= {(row, seed, SUCCESS, epsilon): float(attack) for epsilon in self.epsilons}
                items |= {(row, seed, LEAST): attack * _BISECTIONS} if LEAST in self.measures else {}
                items |= {(row, seed, TRANSFER): float(attack)} if TRANSFER in self.measures else {}
                items |= {(row, seed, LEFT_OUT): 2 * self.left_out(row) * epochs} if self.left_out(row) else {}
        return items
