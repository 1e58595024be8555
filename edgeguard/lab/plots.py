"""The report's plots, each one figure as SVG text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from edgeguard.exits.disagreement import in_words
from edgeguard.exits.ensemble import probabilities
from edgeguard.lab.drawing import svg_drawing
from edgeguard.lab.evaluation import Attacked, Evaluation
from edgeguard.metrics.calibration import reliability
from edgeguard.metrics.detection import roc
from edgeguard.signals.inputs import ImageSpec, TableSpec
from edgeguard.signals.spec import InputSpec

CLEAN: Final = "#1b7f79"
ATTACKED: Final = "#c8452f"
GREY: Final = "#7a8288"


def robust_curve(figures: Mapping[str, Any], beside: Mapping[str, Any] | None, radius_axis: str) -> str:
    """Weighted F1 over ε: of the ensemble and the last exit under PGD, under other attacks, and of a run beside it."""
    with svg_drawing() as (_, (axes,), svg):
        early = figures["exits"] > 1
        _curve(axes, figures, "pgd", "ensemble", "-o", CLEAN, "early-exit ensemble" if early else "one exit")
        if early:
            _curve(axes, figures, "pgd", "last", ":", CLEAN, "its last exit alone")
        for shade, attack in zip(_shades(len(figures["attacks"])), figures["attacks"], strict=True):
            _curve(axes, figures, attack, "ensemble", "-", shade, f"under {attack}")
        if beside:
            which = "one exit" if beside["exits"] == 1 else f"last of {beside['exits']} exits"
            _curve(axes, beside, "pgd", "last", "-s", GREY, f"{beside['recipe']}, {which}")
        axes.set(xlabel=radius_axis, ylabel="weighted F1", ylim=(-0.02, 1.02))
        axes.set_title("F1 under PGD on the last exit" + (" and other attacks" if figures["attacks"] else ""))
        axes.legend()
    return svg.getvalue()


def _shades(count: int) -> Any:
    return mpl.colormaps["OrRd"](np.linspace(0.35, 0.95, count))


def _curve(axes: Axes, figures: Mapping[str, Any], attack: str, which: str, style: str, color: Any, label: str) -> None:
    def f1(row: Mapping[str, Any]) -> float:
        return float(row["ensemble"]["f1"] if which == "ensemble" else row["exits"][-1]["f1"])

    rows = figures["pgd"] if attack == "pgd" else figures["attacks"][attack]
    points = [(0.0, f1(figures["clean"])), *((row["size"], f1(row)) for row in rows)]
    axes.plot(*zip(*sorted(points), strict=True), style, color=color, label=label, ms=4)


@dataclass(frozen=True)
class Curve:
    """Mean and standard deviation of F1 over a list of ε, of a net with exits or without."""

    title: str
    mean: Sequence[float]
    std: Sequence[float]
    exits: bool


def epsilon_curves(epsilons: Sequence[float], curves: Sequence[Curve], chosen: float, units: str) -> str:
    """F1 of several nets under PGD over ε, mean and spread over seeds, with the ε that was chosen marked."""
    with svg_drawing() as (_, (axes,), svg):
        for number, curve in enumerate(curves):
            color = f"C{number}"
            low, high = (np.add(curve.mean, np.multiply(sign, curve.std)) for sign in (-1, 1))
            axes.fill_between(epsilons, np.clip(low, 0, 1), np.clip(high, 0, 1), color=color, alpha=0.15, lw=0)
            axes.plot(epsilons, curve.mean, "-o" if curve.exits else "--s", color=color, label=curve.title, ms=3)
        axes.axvline(chosen, color="black", lw=1, ls=":", label=f"ε* = {chosen:g}")
        axes.set(xlabel=f"ε (l∞, {units})", ylabel="weighted F1", ylim=(-0.02, 1.02))
        axes.set_title("F1 under PGD: mean and spread over seeds")
        axes.legend(fontsize=7)
    return svg.getvalue()


def reliability_diagram(evaluation: Evaluation, bins: int) -> str:
    """Accuracy against confidence of the clean ensemble, with the number of windows per bin below."""
    table = reliability(evaluation.calibration.verdict(evaluation.logits), evaluation.y, bins)
    some = table.counts > 0
    with svg_drawing() as (_, (axes,), svg):
        axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="perfectly calibrated")
        axes.plot(table.confidence[some], table.accuracy[some], "-o", color=CLEAN, ms=4, label="ensemble")
        shares = axes.twinx()
        shares.bar((np.arange(bins) + 0.5) / bins, table.counts, width=0.9 / bins, color=CLEAN, alpha=0.15)
        shares.set_ylabel("windows")
        shares.grid(visible=False)
        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.05))
        axes.set_title("Reliability on clean windows")
        axes.legend(loc="upper left")
    return svg.getvalue()


def disagreement_histograms(evaluation: Evaluation, shown: Attacked) -> str:
    """Disagreement of clean and attacked windows, with the alarm threshold."""
    calibration = evaluation.calibration
    clean, attacked = calibration.scores(evaluation.logits), calibration.scores(shown.logits)
    edges = np.linspace(0, max(float(clean.max()), float(attacked.max()), calibration.threshold) * 1.02 + 1e-9, 41)
    with svg_drawing() as (_, (axes,), svg):
        axes.hist(clean, edges, color=CLEAN, alpha=0.6, label="clean")
        axes.hist(attacked, edges, color=ATTACKED, alpha=0.5, label=f"PGD, ε = {shown.label}")
        axes.axvline(calibration.threshold, color="black", lw=1, label="alarm threshold")
        axes.set_yscale("symlog", linthresh=10)
        axes.set(xlabel=in_words(calibration.score), ylabel="windows")
        axes.set_title("Disagreement of the exits")
        axes.legend()
    return svg.getvalue()


def roc_curves(evaluation: Evaluation) -> str:
    """Attacked against clean windows by the bundle's score: one ROC curve for each ε."""
    clean = evaluation.calibration.scores(evaluation.logits)
    with svg_drawing() as (_, (axes,), svg):
        axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--")
        for result, shade in zip(evaluation.attacked, _shades(len(evaluation.attacked)), strict=True):
            rates = roc(clean, evaluation.calibration.scores(result.logits))
            axes.plot(*rates, color=shade, label=f"ε = {result.label}")
        axes.set(xlabel="false alarms", ylabel="attacks found", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
        axes.set_title("Detection of PGD by disagreement")
        axes.legend(loc="lower right")
    return svg.getvalue()


def window_gallery(
    evaluation: Evaluation, shown: Attacked, classes: tuple[str, ...], spec: InputSpec
) -> dict[str, str]:
    """By class: its first window, clean and attacked, above each exit's probability of that class."""
    x, y, logits = (part[evaluation.picked] for part in (evaluation.x, evaluation.y, evaluation.logits))
    before, after = probabilities(logits), probabilities(shown.logits)
    gallery = {}
    for truth in np.unique(y):
        pick, name = int(np.argmax(y == truth)), classes[truth]
        with svg_drawing(rows=2) as (_, (window, bars), svg):
            _window(window, x[pick], shown.x_adv[pick], spec)
            window.set_title(name)
            _bars(bars, before[pick, :, truth], after[pick, :, truth], name)
        gallery[name] = svg.getvalue()
    return gallery


def _window(axes: Axes, clean: Any, attacked: Any, spec: InputSpec) -> None:
    """A signal's first channel; the change of each feature of a table, whose scales differ; images side by side."""
    if isinstance(spec, ImageSpec):
        low, high = spec.bounds
        pair = np.concatenate([clean, attacked], axis=2).transpose(1, 2, 0)
        axes.imshow(np.clip((pair[..., : 3 if pair.shape[-1] >= 3 else 1] - low) / (high - low), 0, 1), cmap="gray")
        axes.set(xlabel="clean, attacked", xticks=[], yticks=[])
        axes.grid(visible=False)
    elif isinstance(spec, TableSpec):
        axes.bar(spec.features, attacked - clean, color=ATTACKED)
        axes.set(ylabel=f"change ({spec.units})")
        axes.tick_params(axis="x", labelrotation=90, labelsize=6)
    else:
        axes.plot(attacked[0], color=ATTACKED, lw=0.9, label="attacked")
        axes.plot(clean[0], color=CLEAN, lw=0.9, label="clean")
        axes.set(xlabel="sample", ylabel=spec.input_units)
        axes.legend(loc="best", fontsize=8)


def _bars(axes: Axes, before: Any, after: Any, name: str) -> None:
    exits = np.arange(1, len(before) + 1)
    axes.bar(exits - 0.2, before, 0.4, color=CLEAN)
    axes.bar(exits + 0.2, after, 0.4, color=ATTACKED)
    axes.set(xlabel="exit", ylabel=f"P({name})", ylim=(0, 1.02), xticks=exits)
