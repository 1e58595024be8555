"""What a study is to do: its nets, the attacks on each, and about how much work that is."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard.lab.papers.early_exit_ensembles.paper import CLEAN, COLUMNS, PGD, ROWS, TABLES, UNDEFENDED, Published
from edgeguard.lab.papers.early_exit_ensembles.recipes import Nets, training_steps

Asked = tuple[str, float | None]  # key of a column, ε

# forward and backward passes of the whole network that a step takes, or the whole attack where it takes no steps;
# rough, for the time left alone
PASSES: Final = {CLEAN: 1.0, PGD: 1.0, "pgd-avg": 1.0, "pgd-max": 3.3, "uap": 100.0}


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Attributes:
        nets: Their recipes.
        rows: Keys of the nets that are asked for.
        columns: Keys of the attacks.
        seeds: One net of each row for each.
        runs: Where run folders lie.
        device: Where torch computes.
        scale_text: What was reduced, for the reader.
        published: The paper's figures for this recipe, where it has any.
    """

    nets: Nets
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    seeds: tuple[int, ...]
    runs: Path
    device: str
    scale_text: str
    published: Published | None = None

    @property
    def trained(self) -> tuple[str, ...]:
        """The rows to train: the undefended nets come first, since they say which ε the others are trained at."""
        return tuple(dict.fromkeys([UNDEFENDED, *self.rows]))

    def attacks_on(self, row: str, epsilon: float) -> list[Asked]:
        """All that is measured of a net: clean windows, PGD over the grid, the others at ε alone or over the grid."""
        return [(key, radius) for key in self.columns if self._fits(row, key) for radius in self._radii(key, epsilon)]

    def paper(self, row: str, column: str, figure: str) -> float | None:
        """The paper's ``f1`` or ``ece``, where it has one."""
        pair = self.published.figures.get(row, {}).get(column) if self.published else None
        return None if pair is None else pair[("f1", "ece").index(figure)]

    def epoch_work(self, row: str, windows: int) -> float:
        """Of one epoch over so many training windows, in passes of one window."""
        against = ROWS[row].against
        return windows * (1 + (training_steps(self.nets.base) * PASSES[against] if against else 0))

    def attack_work(self, column: str, windows: int) -> float:
        """Of one attack on so many windows, in passes of one window."""
        steps = self.nets.base.evaluation.steps if COLUMNS[column].attack and COLUMNS[column].stepped else 1
        return windows * steps * PASSES[column]

    def work(self, training: int, testing: int) -> dict[Hashable, float]:
        """All of it, by row, seed and what is done, for so many training and test windows."""
        items: dict[Hashable, float] = {}
        for row in self.trained:
            first, *_ = self.nets.epsilons
            epochs = self.nets.recipe(row, 0, first).training.epochs
            grid: list[Asked] = [(PGD, epsilon) for epsilon in self.nets.epsilons]
            asked = self.attacks_on(row, first) if row in self.rows else grid
            for seed in self.seeds:
                items[row, seed, "training"] = epochs * self.epoch_work(row, training)
                for column, _ in asked:
                    item = (row, seed, column)
                    items[item] = items.get(item, 0.0) + self.attack_work(column, testing)
        return items

    def _fits(self, row: str, key: str) -> bool:
        if COLUMNS[key].of_exits and not ROWS[row].exits:
            return False
        in_paper = any(row in table.rows and key in table.columns for table in TABLES.values())
        return in_paper or key == PGD or self.nets.scale.beyond

    def _radii(self, key: str, epsilon: float) -> tuple[float | None, ...]:
        if key == CLEAN:
            return (None,)
        whole = key == PGD or (self.nets.scale.beyond and COLUMNS[key].stepped)
        return self.nets.epsilons if whole else (epsilon,)
