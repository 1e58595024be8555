"""An order for this paper, checked: which tables, at which scale, and a plan for each recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.early_exit_ensembles.paper import COLUMNS, PUBLISHED, ROWS, SCALES, TABLES, Published, Scale
from edgeguard.lab.papers.early_exit_ensembles.plan import Plan
from edgeguard.lab.papers.early_exit_ensembles.recipes import Nets
from edgeguard.lab.papers.reproduction import ALL, Order, require_known, scale_for

COST: Final = "cost"
SEEDS: Final = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Asked:
    """What an order comes to; ConfigError where it names a table, scale or row that the paper does not have."""

    order: Order

    def __post_init__(self) -> None:
        require_known("table", self._table, (*TABLES, COST, ALL))
        require_known("scale", self.scale_name, SCALES)
        if self.order.figure is not None:
            require_known("figure", self.order.figure, ())
        for row in self.order.rows:
            require_known("row", row, ROWS)
            if self.tables and row not in self._possible_rows:
                raise ConfigError(
                    f"row {row!r} is not in table {self._table}: take another table, or one of its rows: "
                    f"{', '.join(self._possible_rows)}"
                )

    @property
    def tables(self) -> tuple[str, ...]:
        """Keys of the tables asked for, the cost aside."""
        return tuple(key for key in TABLES if self._table in {key, ALL})

    @property
    def cost(self) -> bool:
        """Whether the cost of exits is asked for."""
        return self._table in {COST, ALL}

    @property
    def seeds(self) -> tuple[int, ...]:
        """Those asked for; without any, five."""
        return self.order.seeds or SEEDS

    @property
    def _table(self) -> str:
        return self.order.table or ALL

    @property
    def scale_name(self) -> str:
        """The scale asked for; without one, full on a CUDA device and reduced elsewhere."""
        return scale_for(self.order.scale, self.order.device)

    @property
    def scale(self) -> Scale:
        """How much is done."""
        return SCALES[self.scale_name]

    def plans(self) -> list[Plan]:
        """One for each recipe: the paper's, or the one asked for."""
        if not self.tables:
            return []
        return [self._plan(source) for source in ([self.order.recipe] if self.order.recipe else PUBLISHED)]

    def _plan(self, source: str) -> Plan:
        published, order, name = PUBLISHED.get(source), self.order, self.scale_name
        given = (*_paper_changes(published, self.scale), *order.assignments)
        return Plan(
            nets=Nets(source, given, self.scale, "" if name == "full" else f"-{name}"),
            rows=tuple(row for row in self._possible_rows if row in (order.rows or ROWS)),
            columns=self._columns,
            seeds=self.seeds,
            runs=order.runs,
            device=order.device,
            scale_text=scale_text(name, self.scale, published, order.assignments),
            published=published,
        )

    @property
    def _possible_rows(self) -> tuple[str, ...]:
        return tuple(row for row in ROWS if any(row in TABLES[key].rows for key in self.tables))

    @property
    def _columns(self) -> tuple[str, ...]:
        """Keys of the attacks in the tables asked for."""
        return tuple(column for column in COLUMNS if any(column in TABLES[key].columns for key in self.tables))


def scale_text(name: str, scale: Scale, published: Published | None, assignments: Sequence[str]) -> str:
    """The scale for the reader: its name, what was reduced, and what the order changed."""
    reduced = [published.narrow_text] if published and scale.narrow else []
    if scale.epochs is not None:
        reduced.append(f"at most {scale.epochs} epochs, {scale.attacked_epochs} in adversarial training")
    if not scale.beyond:
        reduced.append("attacks other than PGD at one ε and where the paper has them")
    text = f"{name}: {', '.join(reduced)}" if reduced else name
    return f"{text}; changed: {', '.join(assignments)}" if assignments else text


def _paper_changes(published: Published | None, scale: Scale) -> tuple[str, ...]:
    if published is None:
        return ()
    return (f"evaluation.epsilons={list(published.epsilons)}", *(published.narrow if scale.narrow else ()))
