"""The picture of the frontier of clean against robust F1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from edgeguard.lab.drawing import STYLE


def draw(figures: dict[str, Any], path: Path) -> None:
    """Clean F1 against F1 under the strongest attack measured, mean and spread over seeds of each way of training."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        axes = figure.add_subplot()
        for row, marker in zip(figures["rows"], "osD^vP*Xh", strict=False):
            worst, clean = min(row["attacks"].values(), key=lambda one: one["mean"]), row["clean"]
            spreads = {"yerr": worst["std"], "xerr": clean["std"], "capsize": 3}
            axes.errorbar(clean["mean"], worst["mean"], fmt=marker, label=row["title"], **spreads)
        axes.set(
            xlabel="F1 on clean windows",
            ylabel="F1 under the attack that is strongest on average",
            title=f"Clean against robust, ε = {figures['epsilon']:g}: mean and spread over seeds",
        )
        figure.legend(loc="outside lower center", ncols=2)
        figure.savefig(path, metadata={"Date": None})
