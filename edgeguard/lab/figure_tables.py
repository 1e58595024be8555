"""Figures per class, per group, of unfairness and beside another run as tables; the standard library alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from edgeguard.lab.fairness_tables import fairness_tables
from edgeguard.lab.papers.table import Table

Figures = Mapping[str, Any]
Rows = Sequence[Figures]

_FEW_WEARERS: Final = 5
_INTERVAL_NOTE: Final = (
    "Intervals are exact and take windows for independent, which those of one wearer are not: they are too narrow."
)


def put_beside(figures: dict[str, Any], other: Figures) -> None:
    """Keep the clean figures of another run in those of a run with the same classes; both are a whole metrics.json."""
    if _classes(figures["clean"]["per_class"]) == _classes(other["clean"]["per_class"]):
        figures["beside"] = {key: other[key] for key in ("recipe", "seed", "split", "wearers", "test_windows", "clean")}


def figure_tables(figures: Figures) -> list[Table]:
    """Every table that a run's metrics.json has the figures for; those of an older version had none."""
    clean = figures["clean"]
    found = [class_table(clean["per_class"])] if "per_class" in clean else []
    found += [group_table(attribute, groups) for attribute, groups in clean.get("groups", {}).items()]
    found += fairness_tables(figures)
    if "beside" in figures:
        found.append(beside_table({"this run": figures, "the other": figures["beside"]}))
    return found


def class_table(classes: Rows) -> Table:
    """Sensitivity and positive predictivity of each class with their intervals."""
    rows = [
        (
            row["class"],
            str(row["windows"]),
            _with_interval(row, "sensitivity"),
            str(row["predicted"]),
            _with_interval(row, "positive_predictivity"),
        )
        for row in classes
    ]
    header = ("class", "windows", "sensitivity (95 %)", "said to be", "positive predictivity (95 %)")
    return Table("Each class, clean", header, tuple(rows), (_INTERVAL_NOTE,))


def group_table(attribute: str, groups: Figures) -> Table:
    """Size, accuracy, macro F1 and each class of the groups of one attribute."""
    classes = _classes(next(iter(groups.values()))["per_class"])
    header = (attribute.replace("_", " "), "wearers", "windows", "accuracy", "macro F1")
    rows = [
        (
            value,
            _wearers(row),
            str(row["windows"]),
            f"{row['accuracy']:.3f}",
            f"{row['macro_f1']:.3f}",
            *(_both_shares(one) for one in row["per_class"]),
        )
        for value, row in groups.items()
    ]
    notes = ["A class cell holds sensitivity / positive predictivity (windows); macro F1 is over the classes there."]
    few = [value for value, row in groups.items() if row["wearers"] is not None and row["wearers"] < _FEW_WEARERS]
    if few:
        notes.append(
            f"Fewer than {_FEW_WEARERS} wearers in {', '.join(few)}: that says more about them than about a group."
        )
    return Table(f"Groups by {attribute.replace('_', ' ')}, clean", (*header, *classes), tuple(rows), tuple(notes))


def beside_table(by_title: Mapping[str, Figures]) -> Table:
    """Clean figures of runs with the same classes side by side, and what each was tested on."""
    runs, cleans = by_title.values(), [run["clean"] for run in by_title.values()]
    rows = [
        ("split", *(_split(run) for run in runs)),
        ("wearers tested, of them seen in training", *(_seen(run) for run in runs)),
        ("windows tested", *(str(run["test_windows"]) for run in runs)),
        ("accuracy", *(f"{clean['ensemble']['accuracy']:.3f}" for clean in cleans)),
        ("macro F1", *(f"{clean['macro_f1']:.3f}" for clean in cleans)),
    ]
    rows += [
        (f"{same[0]['class']}: sensitivity / positive predictivity (windows)", *(_both_shares(row) for row in same))
        for same in zip(*(clean["per_class"] for clean in cleans), strict=True)
    ]
    return Table("Beside another run", ("clean", *by_title), tuple(rows))


def _classes(rows: Rows) -> list[str]:
    return [row["class"] for row in rows]


def _split(run: Figures) -> str:
    split = run["split"]
    return "published" if split == "published" else "at random, " + " / ".join(f"{share:g}" for share in split)


def _seen(run: Figures) -> str:
    wearers = run["wearers"]
    return "?" if wearers is None else f"{wearers['test']}, {wearers['seen_in_training']}"


def _wearers(row: Figures) -> str:
    return "?" if row["wearers"] is None else str(row["wearers"])


def _both_shares(row: Figures) -> str:
    return f"{_share(row['sensitivity'])} / {_share(row['positive_predictivity'])} ({row['windows']})"


def _with_interval(row: Figures, key: str) -> str:
    low, high = row[f"{key}_interval"]
    return "–" if row[key] is None else f"{row[key]:.3f} ({low:.3f} to {high:.3f})"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
