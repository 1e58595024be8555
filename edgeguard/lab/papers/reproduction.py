"""Papers by name: each takes an order and answers with tables and the files it wrote."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard.errors import ConfigError
from edgeguard.lab.accelerator import fabric_on
from edgeguard.lab.papers.progress import Standing
from edgeguard.lab.papers.table import Table
from edgeguard.registry import Registry, near_match


@dataclass(frozen=True)
class Order:
    """What is to be reproduced, and where.

    Attributes:
        runs: Folder of the run folders; what is trained and measured in them is not done again.
        results: Folder of the results files.
        data: Folder of the data sets.
        table: Name of one of the paper's tables, or ``all``; None where none is asked for.
        figure: Name of one of the paper's figures, or ``all``; without a table and a figure, both are ``all``.
        scale: Name of one of the paper's scales; None lets the device decide.
        seeds: Of split, weights and batches, one net each; none for the paper's own.
        rows: Keys of the rows that are asked for; none for all.
        recipe: Name or path of the network and data set to study; None for the paper's own.
        assignments: ``table.key=value`` changes to the recipe.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.
    """

    runs: Path
    results: Path
    data: Path
    table: str | None = None
    figure: str | None = None
    scale: str | None = None
    seeds: tuple[int, ...] = ()
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

ALL: Final = "all"
PAPERS: Final[Registry[Reproduce]] = Registry(
    "paper",
    {
        "adversarial-training-hurts-fairness": (
            "edgeguard.lab.papers.adversarial_training_hurts_fairness.reproduce:reproduce"
        ),
        "early-exit-ensembles": "edgeguard.lab.papers.early_exit_ensembles.reproduce:reproduce",
    },
)


def require_known(kind: str, word: str, known: Collection[str]) -> None:
    """ConfigError with the near match where the paper has no `kind` of this name."""
    if word not in known:
        there = f"there are: {', '.join(known)}" if known else "it has none that is reproduced"
        raise ConfigError(f"the paper has no {kind} {word!r}{near_match(word, known)}; {there}")


def scale_for(scale: str | None, device: str) -> str:
    """The scale asked for; without one, ``full`` on a CUDA device and ``reduced`` elsewhere."""
    if scale is not None:
        return scale
    return "full" if fabric_on(device).device.type == "cuda" else "reduced"
