"""Ours beside the paper's: figures over seeds, their spread, and whether they differ by more than it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any, Final

ROUNDING: Final = 0.005  # of a paper that gives two decimals


def beside(values: Sequence[float], paper: float | None = None) -> dict[str, Any]:
    """Mean, standard deviation over seeds (0 for one) and the values of ours, the paper's figure, ours − paper."""
    average = mean(values)
    ours = {"mean": average, "std": stdev(values) if len(values) > 1 else 0.0, "values": list(values)}
    return {"ours": ours, "paper": paper, "difference": None if paper is None else average - paper}


def differs(figure: Mapping[str, Any], rounding: float = ROUNDING) -> bool:
    """Whether ours is further from the paper's than the spread over seeds and the paper's rounding.

    Never with one seed, whose spread is not known.
    """
    ours, difference = figure["ours"], figure["difference"]
    return difference is not None and len(ours["values"]) > 1 and abs(difference) > max(ours["std"], rounding)


def spread(figure: Mapping[str, Any], decimals: int = 3, scale: float = 1.0) -> str:
    """Mean ± standard deviation over seeds, times `scale`."""
    ours = figure["ours"]
    text = f"{scale * ours['mean']:.{decimals}f}"
    return f"{text} ± {scale * ours['std']:.{decimals}f}" if len(ours["values"]) > 1 else text
