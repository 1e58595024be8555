"""What a fairness report is made of, as arrays with a row for each wearer; read once for any number of attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.fleet.fairness_report import Origin
from edgeguard.fleet.store import figures
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.figures import CLASS_SUMS, SUMS, LabelledWindow, Range
from edgeguard.metrics.classification import Floats
from edgeguard.telemetry.histogram import ShareHistogram

MOST_TALLIES: Final = 200_000  # read for one report


class _Margin(msgspec.Struct):
    counts: list[int]


class _Part(msgspec.Struct):
    """What is read of a `Tally`."""

    rejected: dict[str, int]
    margin: _Margin


@dataclass(frozen=True)
class Labelled:
    """Labelled windows: (wearers, classes) by true class.

    Attributes:
        origin: Of those that count; None where there are none.
        counts: How many windows there are, by origin.
        classes: True classes.
        windows: Labelled to be of the class.
        hits: Of these, rightly predicted.
        known: Of these, with probabilities.
        true_probability: Of these, the sum of the true class's probability.
        margin: Of these, the sum of the margin, 0 where the verdict is wrong.
    """

    origin: Origin | None
    counts: dict[str, int]
    classes: list[str]
    windows: Floats
    hits: Floats
    known: Floats
    true_probability: Floats
    margin: Floats


@dataclass(frozen=True)
class Tallied:
    """What is in the tallies alone: rejections (wearers, reasons) and the margin's histogram (wearers, bins)."""

    reasons: list[str]
    rejected: Floats
    margin: Floats
    complete: bool


@dataclass(frozen=True)
class WearerData:
    """All of a range; `sums` (wearers,) and `by_class` (wearers, classes) by the names of `store.figures`."""

    wearers: NDArray[np.int64]
    devices: Floats
    sums: dict[str, Floats]
    classes: list[str]
    by_class: dict[str, Floats]
    labelled: Labelled
    tallied: Tallied | None
    left_out: int


def read(database: Database, window: Range, *, origin: Origin | None = None, detailed: bool = False) -> WearerData:
    """Everything in the range, of one moment of the database."""
    with database.reading() as connection:
        figures.walk_indexes(connection)
        rows = figures.wearer_sums(connection, window)
        of_classes = figures.class_sums(connection, window)
        labels = figures.labelled(connection, window)
        tallies = list(figures.tallies(connection, window, MOST_TALLIES)) if detailed else None
        left_out = figures.left_out(connection, window)
    wearers = np.unique(np.array([*(row[0] for row in rows), *(each.wearer_id for each in labels)], dtype=np.int64))
    place = {int(wearer): k for k, wearer in enumerate(wearers)}
    classes = sorted({row[1] for row in of_classes})
    return WearerData(
        wearers=wearers,
        devices=_by_wearer(place, rows, 1),
        sums={name: _by_wearer(place, rows, 2 + k) for k, name in enumerate(SUMS)},
        classes=classes,
        by_class={name: _by_class(place, classes, of_classes, 2 + k) for k, name in enumerate(CLASS_SUMS)},
        labelled=_labelled(place, labels, origin),
        tallied=None if tallies is None else _tallied(place, tallies),
        left_out=left_out,
    )


def _by_wearer(place: dict[int, int], rows: Iterable[Sequence[Any]], column: int) -> Floats:
    values = np.zeros(len(place))
    for row in rows:
        values[place[row[0]]] = row[column]
    return values


def _by_class(place: dict[int, int], classes: list[str], rows: Iterable[Sequence[Any]], column: int) -> Floats:
    index = {name: k for k, name in enumerate(classes)}
    values = np.zeros((len(place), len(classes)))
    for row in rows:
        values[place[row[0]], index[row[1]]] = row[column]
    return values


def _labelled(place: dict[int, int], labels: Sequence[LabelledWindow], origin: Origin | None) -> Labelled:
    counts = {name: sum(each.origin == name for each in labels) for name in ("alarm", "sample")}
    if origin is None:
        origin = "sample" if counts["sample"] else "alarm" if counts["alarm"] else None
    chosen = [each for each in labels if each.origin == origin]
    classes = sorted({each.label for each in chosen})
    index = {name: k for k, name in enumerate(classes)}
    windows, hits, known, probability, margin = np.zeros((5, len(place), len(classes)))
    for each in chosen:
        cell = place[each.wearer_id], index[each.label]
        hit = each.predicted == each.label
        windows[cell] += 1
        hits[cell] += hit
        if each.probabilities:
            known[cell] += 1
            probability[cell] += each.probabilities.get(each.label, 0.0)
            margin[cell] += hit * _margin(each.probabilities)
    return Labelled(origin, counts, classes, windows, hits, known, probability, margin)


def _margin(probabilities: dict[str, float]) -> float:
    highest, *others = sorted(probabilities.values(), reverse=True)
    return highest - (others[0] if others else 0.0)


def _tallied(place: dict[int, int], tallies: Sequence[tuple[int, bytes]]) -> Tallied:
    decoder = msgspec.json.Decoder(_Part)
    parts = [(place[wearer_id], decoder.decode(tally)) for wearer_id, tally in tallies if wearer_id in place]
    reasons = sorted({reason for _, part in parts for reason in part.rejected})
    index = {reason: k for k, reason in enumerate(reasons)}
    rejected = np.zeros((len(place), len(reasons)))
    margin = np.zeros((len(place), len(ShareHistogram.edges) - 1))
    for k, part in parts:
        margin[k] += part.margin.counts
        for reason, count in part.rejected.items():
            rejected[k, index[reason]] += count
    return Tallied(reasons, rejected, margin, complete=len(tallies) < MOST_TALLIES)
