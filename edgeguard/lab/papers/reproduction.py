"""Papers by name: each takes an order and answers with tables and the files it wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard.lab.papers.progress import Standing
from edgeguard.lab.papers.table import Table
from edgeguard.registry import Registry


@dataclass(frozen=True)
class Order:
    """What is to be reproduced, and where.

    Attributes:
        runs: Folder of the run folders; what is trained and measured in them is not done again.
        results: Folder of the results files.
        data: Folder of the data sets.
        table: Name of one of the paper's tables, or ``all``.
        scale: Name of one of the paper's scales; None lets the device decide.
        seeds: Of split, weights and batches, one net each.
        rows: Keys of the rows that are asked for; none for all.
        recipe: Name or path of the network and data set to study; None for the paper's own.
        assignments: ``table.key=value`` changes to the recipe.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.
    """

    runs: Path
    results: Path
    data: Path
    table: str = "all"
    scale: str | None = None
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    rows: tuple[str, ...] = ()
    recipe: str | None = None
    assignments: tuple[str, ...] = ()
    device: str = "cpu"


@dataclass(frozen=True)
class Reproduced:
    """The tables to show, and every file written."""

    tables: tuple[Table, ...]
    files: tuple[Path, ...]


Reproduce = Callable[[Order, Callable[[Standing], None]], Reproduced]

PAPERS: Final[Registry[Reproduce]] = Registry(
    "paper", {"early-exit-ensembles": "edgeguard.lab.papers.early_exit_ensembles.reproduce:reproduce"}
)
