"""Unfairness over classes and groups of wearers as tables; the standard library alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from edgeguard.lab.papers.table import Table

Figures = Mapping[str, Any]

_TITLES: Final = {
    "cau": "CAU",
    "worst": "worst accuracy",
    "accuracy": "accuracy gap",
    "cru_s": "CRU_s",
    "cru_epsilon": "CRU_ε",
}
_MEANING: Final = (
    "0 is fair. CAU and accuracy gap: between accuracies. CRU_s: between the shares misled of the windows that are "
    "right without the attack; the highest is the worst off. CRU_ε: between mean least ε that mislead. EOU: between "
    "mean probabilities of the true class. Behind a name stand its figure and its {counted}."
)
_PERMUTED: Final = {
    "wearers": "p: how often wearers dealt to the groups at random are that far apart.",
    "windows of each wearer": "p: how often each wearer's windows, dealt to the groups at random, are that far apart.",
    "windows": "p: how often windows dealt to the groups at random are that far apart, if windows are independent.",
}


def fairness_tables(figures: Figures) -> list[Table]:
    """One table for the classes and one for each attribute of a whole metrics.json; none of an older version's."""
    if "fairness" not in figures["clean"]:
        return []
    return [
        fairness_table(figures),
        *(fairness_table(figures, name) for name in figures["clean"]["fairness"]["attributes"]),
    ]


def fairness_table(figures: Figures, attribute: str | None = None) -> Table:
    """Every gap between the classes, or between the groups of an attribute: clean, and under each attack and radius."""
    found = list(_all_figures(figures, attribute))
    counted = "windows" if figures["wearers"] is None else "wearers"
    rows = [(*place, title, *_cells(gap)) for *place, title, gap in found]
    over = "classes" if attribute is None else attribute.replace("_", " ")
    header = ("attack", "ε", "unfairness", "gap (95 %)", "p", "highest", "lowest")
    notes = [_MEANING.format(counted=counted), *_notes([gap for *_, gap in found])]
    if attribute is not None and (
        unseen := figures["clean"]["fairness"]["attributes"][attribute]["unseen_in_training"]
    ):
        notes.append(f"No training window is of {', '.join(unseen)}.")
    return Table(f"Unfairness over {over}", header, tuple(rows), tuple(notes))


def _all_figures(figures: Figures, attribute: str | None) -> Iterator[tuple[str, str, str, Figures]]:
    """Attack, ε, title and record of each figure."""
    clean = _over(figures["clean"], attribute)
    for key, title in _TITLES.items():
        if key in clean:
            yield "none", "", title, clean[key]
    for label, gap in clean.get("eou", {}).items():
        yield "none", "", f"EOU of {label}", gap
    for attack, rows in {"pgd": figures["pgd"], **figures["attacks"]}.items():
        for row in rows:
            for key, title in _TITLES.items():
                if key in (found := _over(row, attribute)):
                    yield attack, row["label"], title, found[key]


def _over(row: Figures, attribute: str | None) -> Figures:
    found: Figures = row["fairness"]
    over: Figures = found["classes"] if attribute is None else found["attributes"][attribute]
    return over


def _cells(found: Figures) -> tuple[str, str, str, str]:
    """Value with interval, p, and the two groups."""
    if found["value"] is None:
        return "–", "–", "–", "–"
    shown = f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
    if "group" in found:  # the worst of them, not a gap
        return shown, "–", "–", f"{found['group']} ({_size(found)})"
    return shown, f"{found['p_value']:.3f}", _group(found, "highest"), _group(found, "lowest")


def _group(found: Figures, end: str) -> str:
    group = found["groups"][found[end]]
    return f"{found[end]} {group['value']:.3f} ({_size(group)})"


def _size(group: Figures) -> str:
    return str(group["clusters"])


def _notes(found: list[Figures]) -> Iterator[str]:
    """How chance was told, and what could not be compared, each once."""
    gaps = [gap for gap in found if "groups" in gap]
    yield from dict.fromkeys(_PERMUTED[gap["permuted"]] for gap in gaps if gap["permuted"])
    yield from dict.fromkeys(note for gap in gaps for note in gap["notes"])
    reasons = {
        f"{name} ({group['reason']})" for gap in gaps for name, group in gap["groups"].items() if group["value"] is None
    }
    if reasons:
        yield f"Not compared everywhere: {', '.join(sorted(reasons))}."
    if undefined := sorted({gap["reason"] for gap in found if gap["value"] is None}):
        yield f"A dash: {'; '.join(undefined)}."
