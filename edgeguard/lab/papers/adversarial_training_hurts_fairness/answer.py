"""Does the exits' defense harm fairness? Tables and sentences from a results file; the standard library alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from edgeguard.lab.papers.adversarial_training_hurts_fairness.measures import (
    ACCURACY,
    CAU,
    CRU_EPSILON,
    ROBUST_ACCURACY,
    unfairness_of,
)
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import TABLES
from edgeguard.lab.papers.beside import spread
from edgeguard.lab.papers.table import Table

Study = Mapping[str, Any]
Row = Mapping[str, Any]

HARMS: Final = "harms"
HELPS: Final = "helps"
_TITLE: Final = TABLES["exits"].title


def answer_tables(study: Study) -> list[Table]:
    """Every net's figures, their differences to the reference net, and what follows in plain sentences."""
    first = study["rows"][0]["title"]
    gaps = gap_names(study)
    names = [name for name in (ACCURACY, ROBUST_ACCURACY) if name in study["rows"][0]["figures"]]
    shown = [*names, *gaps]
    figures = tuple((name, *(_figure(row, name) for row in study["rows"])) for name in shown)
    others = study["rows"][1:]
    differences = tuple((name, *(_difference(row, name) for row in others)) for name in shown)
    where = subject_line(study)
    note = (
        f"Robust accuracy: right all the way through PGD on the averaged exits at ε = {study['radius']:g} "
        f"({study['units']}), which adversarial training saw too. All others are unfairness: 0 is fair. A gap of CRU_s "
        "is small, too, where an attack misleads every class alike."
    )
    tables = [Table(f"{_TITLE} {where}", ("figure", *_titles(study["rows"])), figures, (note, *endless(study)))]
    if others:
        title = f"Difference to the {first} net of the same seed, {where}"
        tables.append(Table(title, ("figure", *_titles(others)), differences, tuple(answer(study))))
    return tables


def subject_line(study: Study) -> str:
    """On what, by how many nets of each kind, and at which scale."""
    seeds = len(study["seeds"])
    return f"{study['title']}, {seeds} seed{'s' * (seeds > 1)}, scale {study['scale']}"


def endless(study: Study) -> Iterable[str]:
    """A note where samples withstand every ε that was tried."""
    if any(net["least"]["notes"] for row in study["rows"] for net in row["nets"] if "least" in net):
        yield (
            f"Some samples withstand every ε that was tried, and count as the largest, {study['most']:g}. There CRU_ε "
            "tells how many of each class do, more than how much the others take."
        )


def gap_names(study: Study) -> list[str]:
    """The gaps that were measured, those of classes first."""
    names = list(dict.fromkeys(name for row in study["rows"] for net in row["nets"] for name in unfairness_of(net)))
    return sorted(names, key=lambda name: (name != CAU, not name.startswith("CRU_s"), name != CRU_EPSILON))


def answer(study: Study) -> Iterable[str]:
    """A sentence for each net, and one for the question."""
    yield from differences(study)
    if len(study["seeds"]) > 1:
        yield conclusion(study)


def differences(study: Study) -> Iterable[str]:
    """How the differences to the reference net are told, and a sentence for each net."""
    seeds, reference = len(study["seeds"]), study["rows"][0]["title"]
    if seeds < 2:
        yield f"With one seed nothing can be said of how nets differ from the {reference} one."
        return
    yield (
        f"Differences: mean over {seeds} seeds (95 %, Student's t); + is less fair, the accuracies aside. They tell "
        "how nets differ that are trained again; of twenty such intervals one misses by chance."
    )
    for row in study["rows"][1:]:
        yield sentence(row, gap_names(study), reference)


def sentence(row: Row, names: Sequence[str], reference: str) -> str:
    """What one net's differences show: the figures that it harms or helps by name, the others by number."""
    found = {name: row["differences"][name] for name in names if name in row["differences"]}
    told = {verdict: _told(found, verdict) for verdict in (HARMS, HELPS)}
    parts = [f"{verdict} {words}" for verdict, words in told.items() if words]
    rest = sum(one["verdict"] not in told for one in found.values())
    if rest:
        parts.append(f"no difference shown in {'the other ' if parts else ''}{rest} of {len(found)} figures")
    return f"Against the {reference} net, {row['title']}: {'; '.join(parts)}."


def conclusion(study: Study) -> str:
    """One sentence on the question: what each defense is shown to harm."""
    names = gap_names(study)
    harmed = {row["title"]: _members(row, names, HARMS) for row in study["rows"][1:]}
    shown = "; ".join(f"{title} {_harm(found)}" for title, found in harmed.items())
    return f"So, of {len(names)} figures of unfairness on {study['title']}: {shown}."


def _harm(names: Sequence[str]) -> str:
    return f"harms {len(names)} ({', '.join(names)})" if names else "is shown to harm none"


def _members(row: Row, names: Sequence[str], verdict: str) -> list[str]:
    return [name for name in names if name in row["differences"] and row["differences"][name]["verdict"] == verdict]


def _told(found: Mapping[str, Mapping[str, Any]], verdict: str) -> str:
    return ", ".join(f"{name} ({_interval(one)})" for name, one in found.items() if one["verdict"] == verdict)


def _figure(row: Row, name: str) -> str:
    if name not in row["figures"]:
        return "–"
    return spread(row["figures"][name])


def _difference(row: Row, name: str) -> str:
    found = row["differences"].get(name)
    return "–" if found is None else _interval(found)


def _interval(found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        return f"{found['mean']:+.3f}"
    return f"{found['mean']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"


def _titles(rows: Sequence[Row]) -> list[str]:
    return [row["title"] for row in rows]
