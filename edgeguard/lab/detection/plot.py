"""What every detector finds, as one picture."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeguard.lab.detection.tables import words
from edgeguard.lab.drawing import STYLE
from edgeguard.lab.plots import ATTACKED, CLEAN

_COLUMNS = 4


def found_bars(study: Mapping[str, Any], radius: str) -> bytes:
    """A PNG: for each attack, what each detector finds at the first false-alarm rate, mean and spread over seeds."""
    rows_of, rate = study["mean"]["radii"][radius], study["rates"][0]
    attacks = {name: rows_of[name] for name in study["attacks"]}
    rows = math.ceil(len(attacks) / _COLUMNS)
    detectors = study["detectors"]
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 0.8 + rows * (0.8 + 0.2 * len(detectors))), layout="constrained")
        panels = figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False).ravel()
        for axes, (name, row) in zip(panels, attacks.items(), strict=False):
            _bars(axes, [row["detectors"][one]["rates"][rate]["found"] for one in detectors], quiet=bool(row["knows"]))
            axes.set_title(words(name))
        for axes in panels[len(attacks) :]:
            axes.remove()
        panels[0].set_yticks(range(len(detectors)), [words(name) for name in detectors])
        panels[0].invert_yaxis()
        figure.suptitle(
            f"{study['recipe']}, ε = {radius}: found at {100 * float(rate):g} % false alarms", x=0, ha="left"
        )
        figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()


def _bars(axes: Axes, shares: list[Mapping[str, Any]], *, quiet: bool) -> None:
    means = [share["mean"] or 0.0 for share in shares]
    spreads = [share["std"] or 0.0 for share in shares]
    error = spreads if any(spreads) else None
    axes.barh(range(len(shares)), means, xerr=error, color=ATTACKED if quiet else CLEAN, height=0.7)
    axes.set(xlim=(0, 1.02))
