"""Drawings in one style: SVG for a report's page, PNG for a folder of results."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

STYLE: Final[dict[Any, Any]] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "font.size": 9,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "edgeguard",
}
_DPI: Final = 150


@contextmanager
def svg_drawing(rows: int = 1) -> Iterator[tuple[Figure, Any, io.StringIO]]:
    """A figure in the style of reports, one axes a row; on leaving, its SVG is in the yielded buffer."""
    buffer = io.StringIO()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.8, 1.2 + 2 * rows), layout="constrained")
        yield figure, figure.subplots(rows, squeeze=False)[:, 0], buffer
        figure.savefig(buffer, format="svg", metadata={"Date": None})


@contextmanager
def png_drawing(columns: int = 1, width: float = 4.8, height: float = 3.4) -> Iterator[tuple[Figure, Any, io.BytesIO]]:
    """The same as PNG, so many axes side by side, each of this size in inches."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width * columns, height), layout="constrained")
        yield figure, figure.subplots(1, columns, squeeze=False)[0], buffer
        figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
