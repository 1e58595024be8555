"""An order for this paper, checked: which tables and figures, at which scale, and a plan for each study."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import FIGURES, PUBLISHED, TABLES, Part
from edgeguard.lab.papers.adversarial_training_hurts_fairness.plan import Plan
from edgeguard.lab.papers.adversarial_training_hurts_fairness.recipes import nets_of
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import (
    FULL,
    REDUCED,
    SUBJECTS,
    Size,
    Subject,
    subject_of,
)
from edgeguard.lab.papers.reproduction import ALL, Order, require_known, scale_for
from edgeguard.lab.recipe import load_recipe

OWN: Final = "exits"  # the table of one's own recipe


@dataclass(frozen=True)
class Asked:
    """What an order comes to; ConfigError where it names what the paper does not have."""

    order: Order

    def __post_init__(self) -> None:
        order = self.order
        if order.table is not None:
            require_known("table", order.table, (*TABLES, ALL))
        if order.figure is not None:
            require_known("figure", order.figure, (*FIGURES, ALL))
        require_known("scale", self.scale_name, (FULL, REDUCED))
        if order.recipe is not None and (order.figure is not None or order.table not in {None, OWN, ALL}):
            raise ConfigError(
                f"of a recipe of your own there is the table {OWN!r} alone: leave --recipe or the other out"
            )
        known = tuple(dict.fromkeys(row for subject in self.subjects.values() for row in subject.rows))
        for row in order.rows:
            require_known("row", row, known)

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Keys of the tables asked for."""
        if self.order.recipe is not None:
            return (OWN,)
        return _chosen(self.order.table, self.order.figure, TABLES)

    @cached_property
    def figures(self) -> tuple[str, ...]:
        """Keys of the figures asked for."""
        return () if self.order.recipe is not None else _chosen(self.order.figure, self.order.table, FIGURES)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Tables and figures asked for."""
        return (*(TABLES[key] for key in self.tables), *(FIGURES[key] for key in self.figures))

    def answers(self, key: str) -> bool:
        """Whether a study is one of the exits'."""
        return key in TABLES[OWN].studies or self.order.recipe is not None

    @property
    def scale_name(self) -> str:
        """The scale asked for; without one, full on a CUDA device and reduced elsewhere."""
        return scale_for(self.order.scale, self.order.device)

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """The studies asked for by key, the quick ones first."""
        if self.order.recipe is not None:
            recipe = load_recipe(self.order.recipe, self.order.assignments)
            return {recipe.name: subject_of(self.order.recipe, recipe)}
        return {key: subject for key, subject in SUBJECTS.items() if any(key in part.studies for part in self.parts)}

    def plans(self) -> dict[str, Plan]:
        """One for each study."""
        return {key: self._plan(key, subject) for key, subject in self.subjects.items()}

    def _plan(self, key: str, subject: Subject) -> Plan:
        order, size = self.order, subject.sizes[self.scale_name]
        rows = tuple(row for row in subject.rows if row in (subject.rows[0], *(order.rows or subject.rows)))
        return Plan(
            subject=subject,
            size=size,
            nets=nets_of(subject, size, order.assignments, f"-{self.scale_name}" if size.text else "", order.runs),
            rows=rows,
            measures=frozenset().union(*(part.measures for part in self.parts if self._is_of(key, part))),
            seeds=order.seeds or subject.seeds,
            runs=order.runs,
            device=order.device,
            scale_text=scale_text(self.scale_name, size, order.assignments),
            published=PUBLISHED.get(key, {}),
        )

    def _is_of(self, key: str, part: Part) -> bool:
        return key in part.studies or self.order.recipe is not None


def scale_text(name: str, size: Size, assignments: tuple[str, ...]) -> str:
    """The scale for the reader: its name, what was reduced, and what the order changed."""
    text = f"{name}: {size.text}" if size.text else FULL
    return f"{text}; changed: {', '.join(assignments)}" if assignments else text


def _chosen(word: str | None, other: str | None, known: dict[str, Part]) -> tuple[str, ...]:
    """What `word` stands for; all where neither it nor the `other` is given."""
    if word is None and other is not None:
        return ()
    return tuple(key for key in known if word in {key, ALL, None})
