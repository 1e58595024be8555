"""The paper's figures and one for the exits, drawn from a results file as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeguard.lab.drawing import png_drawing
from edgeguard.lab.papers.adversarial_training_hurts_fairness.answer import gap_names
from edgeguard.lab.papers.adversarial_training_hurts_fairness.figure_tables import ATTRIBUTES, bar_values
from edgeguard.lab.papers.adversarial_training_hurts_fairness.measures import eou
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import FIGURES

_BELOW: Final[dict[str, Any]] = {"loc": "outside lower center", "ncols": 3, "fontsize": 7}

Study = Mapping[str, Any]
Bars = Mapping[str, Mapping[str, Sequence[float]]]  # by legend, then by place: values over seeds

_AXES: Final = {"1": "accuracy", "2": "mean least ε", "3": "success rate of PGD", "4": "success rate of PGD"}


def drawn(study: Study, figure: str) -> bytes:
    """One of the paper's figures as PNG."""
    if figure in ATTRIBUTES:
        return eou_bars(study, figure)
    return grid(study, figure) if len(study["epsilons"]) > 1 and figure in {"3", "4"} else class_bars(study, figure)


def class_bars(study: Study, figure: str) -> bytes:
    """Fig. 1 or 2: a bar for each class and net, with the spread over seeds."""
    found = {title: values for title, values, _ in bar_values(study, figure)}
    with png_drawing(width=7.2) as (whole, (axes,), png):
        _bars(axes, found, [name for name in study["classes"] if any(name in values for values in found.values())])
        unit = f" ({study['units']})" if figure == "2" else ""
        axes.set(xlabel="class", ylabel=_AXES[figure] + unit)
        _titled(whole, axes, study, FIGURES[figure].title)
    return png.getvalue()


def grid(study: Study, figure: str) -> bytes:
    """Fig. 3 or 4: success rate of each class over ε, one axes for each net."""
    rows, epsilons = study["rows"], study["epsilons"]
    columns = [values for _, values, _ in bar_values(study, figure)]
    with png_drawing(len(rows), width=3.4) as (whole, every, png):
        for number, (axes, row) in enumerate(zip(every, rows, strict=True)):
            of_row = columns[number * len(epsilons) : (number + 1) * len(epsilons)]
            _bars(axes, _by_epsilon(of_row, epsilons), [name for name in study["classes"] if name in of_row[0]])
            axes.set(xlabel="class", ylim=(0, 1.02))
            axes.set_title(row["title"], fontsize=8)
        every[0].set_ylabel(_AXES[figure])
        whole.legend(*every[0].get_legend_handles_labels(), **_BELOW)
        whole.suptitle(_named(study, FIGURES[figure].title), x=0.01, ha="left", fontsize=9)
    return png.getvalue()


def eou_bars(study: Study, figure: str) -> bytes:
    """Fig. 5 or 6: EOU of each net on each true class."""
    names = {truth: eou(ATTRIBUTES[figure], truth) for truth in study["classes"]}
    found = {
        row["title"]: {truth: row["figures"][name]["ours"]["values"] for truth, name in names.items()}
        for row in study["rows"]
    }
    with png_drawing(width=7.2) as (whole, (axes,), png):
        _bars(axes, found, list(names))
        for x, (truth, name) in enumerate(names.items()):
            _paper_marks(
                axes, x, [row["figures"][name]["paper"] for row in study["rows"]], first=truth == next(iter(names))
            )
        axes.set(xlabel="true class", ylabel="EOU")
        _titled(whole, axes, study, FIGURES[figure].title)
    return png.getvalue()


def exit_bars(study: Study) -> bytes:
    """Difference of each gap to the reference net's, with its interval, for every defense."""
    names, others = gap_names(study), study["rows"][1:]
    with png_drawing(width=7.2, height=1.4 + 0.34 * len(names)) as (whole, (axes,), png):
        axes.axvline(0, color="black", lw=1)
        for number, row in enumerate(others):
            _intervals(axes, row, names, (number - (len(others) - 1) / 2) * 0.18, f"C{number}")
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.invert_yaxis()
        low, high = axes.get_xlim()
        axes.set_xlim(max(low, -1.02), min(high, 1.02))  # of two or three seeds an interval can be endless
        reference = study["rows"][0]["title"]
        axes.set(xlabel=f"difference to the {reference} net, 95 % over seeds (right: less fair)")
        _titled(whole, axes, study, "Unfairness of each defense")
    return png.getvalue()


def _intervals(axes: Axes, row: Mapping[str, Any], names: Sequence[str], shift: float, color: str) -> None:
    found = [(place, row["differences"].get(name)) for place, name in enumerate(names)]
    there = [(place + shift, one) for place, one in found if one is not None]
    axes.plot([one["mean"] for _, one in there], [y for y, _ in there], "o", color=color, ms=4, label=row["title"])
    for y, one in there:
        if one["low"] is not None:
            axes.plot([one["low"], one["high"]], [y, y], color=color, lw=1.4)


def _by_epsilon(columns: Sequence[Mapping[str, Sequence[float]]], epsilons: Sequence[float]) -> Bars:
    return {f"ε = {epsilon:g}": values for epsilon, values in zip(epsilons, columns, strict=True)}


def _bars(axes: Axes, found: Bars, places: Sequence[str]) -> None:
    """A group of bars at each place, one for each entry, with the spread over seeds."""
    width = 0.8 / max(len(found), 1)
    for number, (title, values) in enumerate(found.items()):
        x = np.arange(len(places)) + (number - (len(found) - 1) / 2) * width
        there = [values.get(place, ()) for place in places]
        heights = [mean(one) if one else 0.0 for one in there]
        spreads = [stdev(one) if len(one) > 1 else 0.0 for one in there]
        axes.bar(x, heights, width * 0.92, yerr=spreads, label=title, error_kw={"lw": 0.8})
    crowded = len(places) > 4
    axes.set_xticks(range(len(places)), places, rotation=45 if crowded else 0, ha="right" if crowded else "center")
    axes.grid(visible=False, axis="x")


def _paper_marks(axes: Axes, x: int, values: Sequence[float | None], *, first: bool) -> None:
    width = 0.8 / len(values)
    there = [(x + (k - (len(values) - 1) / 2) * width, value) for k, value in enumerate(values) if value is not None]
    if there:
        axes.plot(*zip(*there, strict=True), "_", color="black", ms=12, label="the paper's" if first else None)


def _titled(whole: Figure, axes: Axes, study: Study, title: str) -> None:
    axes.set_title(_named(study, title), fontsize=9)
    whole.legend(*axes.get_legend_handles_labels(), **_BELOW)


def _named(study: Study, title: str) -> str:
    reduced = "" if study["scale"].startswith("full") else ", reduced"
    return f"{title} ({study['title']}{reduced})"
