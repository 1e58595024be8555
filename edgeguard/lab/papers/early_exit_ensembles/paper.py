"""What the paper says: its nets, its attacks, its figures; and how much of it each scale does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Figures = Mapping[str, Mapping[str, tuple[float, float]]]


@dataclass(frozen=True)
class Column:
    """An attack of the paper.

    Attributes:
        title: As the paper's tables have it.
        attack: Registered name; None measures clean windows.
        options: The attack's own.
        stepped: Whether it takes the study's number of gradient steps.
        of_exits: Whether it needs several exits: with one it would be PGD.
    """

    title: str
    attack: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    stepped: bool = True
    of_exits: bool = False


@dataclass(frozen=True)
class Row:
    """A net of the paper.

    Attributes:
        title: As the paper's tables have it.
        exits: Whether it has exits, or the backbone's own head alone.
        against: Key of the attack that it is trained against; None trains on clean windows.
    """

    title: str
    exits: bool = True
    against: str | None = None


@dataclass(frozen=True)
class PaperTable:
    """Which rows under which attacks, by their keys."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """One of the paper's pairs of network and data set.

    Attributes:
        title: As the paper's tables have it.
        figures: (F1, ECE) by row and column.
        epsilons: The grid of radii, in the unit of the network's input.
        narrow: Changes to the recipe that make it affordable at reduced scale.
        narrow_text: The same for the reader.
        otherwise: What is not as in the paper, whatever the scale.
    """

    title: str
    figures: Figures
    epsilons: tuple[float, ...]
    narrow: tuple[str, ...]
    narrow_text: str
    otherwise: str = ""


@dataclass(frozen=True)
class Scale:
    """How much is done.

    Attributes:
        epochs: Of training on clean windows, at most; None leaves it to the recipe.
        attacked_epochs: Of adversarial training, at most.
        narrow: Whether the paper's networks are narrowed.
        beyond: Whether to measure what the paper does not: every attack on every net, those on all exits at every ε.
        cost_turns: How often each network is timed.
    """

    epochs: int | None = None
    attacked_epochs: int | None = None
    narrow: bool = False
    beyond: bool = True
    cost_turns: int = 200


UNDEFENDED: Final = "no-mitigation"
CLEAN: Final = "clean"
PGD: Final = "pgd"
AIM_F1: Final = 0.33  # of the undefended net under PGD, where the paper has no figure for a recipe
TRAINING_STEPS: Final = 10  # of the attack in adversarial training; 20 when a net is measured

COLUMNS: Final = {
    CLEAN: Column("No attack"),
    "uap": Column("UAP", "uap", {"min_fool_rate": 0.8, "sample_size": 100, "view": "last"}, stepped=False),
    PGD: Column("PGD", "pgd"),
    "pgd-avg": Column("PGD-AVG", "pgd_avg", of_exits=True),
    "pgd-max": Column("PGD-MAX", "pgd_max", of_exits=True),
}
ROWS: Final = {
    UNDEFENDED: Row("No mitigation", exits=False),
    "pgd-at": Row("PGD AT", exits=False, against=PGD),
    "ours": Row("Ours"),
    "ours-pgd-at": Row("Ours + PGD AT", against=PGD),
    "ours-pgd-avg-at": Row("Ours + PGD-AVG AT", against="pgd-avg"),
    "ours-pgd-max-at": Row("Ours + PGD-MAX AT", against="pgd-max"),
}
TABLES: Final = {
    "1": PaperTable("Table I", (UNDEFENDED, "pgd-at", "ours"), (CLEAN, "uap", PGD)),
    "2": PaperTable(
        "Table II", ("ours", "ours-pgd-at", "ours-pgd-avg-at", "ours-pgd-max-at"), (CLEAN, "pgd-avg", "pgd-max")
    ),
}
PUBLISHED: Final = {
    "ecg5000-fcnet": Published(
        title="ECG – FCNet",
        figures={
            UNDEFENDED: {CLEAN: (0.98, 0.01), "uap": (0.70, 0.16), PGD: (0.33, 0.27)},
            "pgd-at": {CLEAN: (0.92, 0.07), "uap": (0.93, 0.03), PGD: (0.73, 0.13)},
            "ours": {
                CLEAN: (0.99, 0.01),
                "uap": (0.89, 0.15),
                PGD: (0.77, 0.11),
                "pgd-avg": (0.71, 0.10),
                "pgd-max": (0.55, 0.11),
            },
            "ours-pgd-at": {CLEAN: (0.92, 0.11), "pgd-avg": (0.95, 0.06), "pgd-max": (0.94, 0.06)},
            "ours-pgd-avg-at": {CLEAN: (0.93, 0.18), "pgd-avg": (0.87, 0.10), "pgd-max": (0.86, 0.08)},
            "ours-pgd-max-at": {CLEAN: (0.92, 0.28), "pgd-avg": (0.90, 0.03), "pgd-max": (0.86, 0.01)},
        },
        epsilons=(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
        narrow=("net.options.filters=32",),
        narrow_text="32 filters instead of 128",
    ),
    "eeg-vgg16": Published(
        title="EEG – VGG16",
        figures={
            UNDEFENDED: {CLEAN: (0.81, 0.11), "uap": (0.76, 0.05), PGD: (0.18, 0.66)},
            "pgd-at": {CLEAN: (0.80, 0.03), "uap": (0.80, 0.03), PGD: (0.82, 0.05)},
            "ours": {
                CLEAN: (0.85, 0.03),
                "uap": (0.80, 0.06),
                PGD: (0.81, 0.04),
                "pgd-avg": (0.76, 0.04),
                "pgd-max": (0.48, 0.24),
            },
            "ours-pgd-at": {CLEAN: (0.83, 0.07), "pgd-avg": (0.80, 0.04), "pgd-max": (0.82, 0.07)},
            "ours-pgd-avg-at": {CLEAN: (0.82, 0.11), "pgd-avg": (0.81, 0.10), "pgd-max": (0.81, 0.09)},
            "ours-pgd-max-at": {CLEAN: (0.82, 0.04), "pgd-avg": (0.78, 0.30), "pgd-max": (0.82, 0.04)},
        },
        epsilons=(1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0),
        narrow=(
            "net.options.width=0.125",
            "data.options.hop=500",
            "training.learning_rate=3e-4",
            "training.batch_size=25",
        ),
        narrow_text="an eighth of the filters, a window every 2 s instead of every second, learning rate 3e-4 with "
        "batches of 25 instead of 1e-4 with 200",
        otherwise="Not the paper's data: its TUH Artifact Corpus is licensed, this is the Luab set, two frontal "
        "channels with blinks that a detector marked, and the test is on other people than the training. Its ε of "
        "100 mV has no counterpart in a signal of some hundred uV.",
    ),
}
SCALES: Final = {
    "full": Scale(),
    # on two cores about 32 minutes of adversarial training, 2 of clean training, 8 of attacks
    "reduced": Scale(epochs=30, attacked_epochs=10, narrow=True, beyond=False),
}
UPPER_COST: Final = {"memory": 0.16, "compute": 0.12}  # added by exits: VGG16, the paper's worst case
