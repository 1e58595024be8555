"""The tables of exit-gain.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from benchmarks.markdown import markdown

# under PGD, in Table I of the early-exit paper: the undefended net, and what exits add to it
PAPER_F1: Final = 0.33
PAPER_GAIN: Final = 0.44

Figures = dict[str, Any]


def exit_gain(figures: Figures) -> Iterable[str]:
    """For each setting, both nets at the ε where its undefended net is nearest the paper's, and the gain there."""
    rows = []
    for found in figures["settings"]:
        at, clean = like_paper(found), found["clean"]
        cells = [spread(clean["early_exit"]), spread(clean["undefended"]), f"{at['epsilon']:g}"]
        rows.append([found["setting"], *cells, spread(at["early_exit"]), spread(at["undefended"]), paired(at["gain"])])
    clean = ["clean F1, exits", "clean F1, undefended"]
    yield from markdown(["setting", *clean, "ε\\*", "F1 with exits", "F1 undefended", "gain [95 % interval]"], rows)
    yield from ("", beside_paper({found["setting"]: like_paper(found)["gain"] for found in figures["settings"]}))
    yield from ("", counted([row["gain"] for found in figures["settings"] for row in found["pgd"]]))


def exit_gain_curve(figures: Figures) -> Iterable[str]:
    """The gain of each setting over ε; settings whose ε are in another unit have a table of their own."""
    for place, (epsilons, group) in enumerate(groupby(by_epsilons(figures), key=epsilons_of)):
        yield from [""] * (place > 0)
        rows = [[found["setting"], *(paired(row["gain"]) for row in found["pgd"])] for found in group]
        yield from markdown(["gain at ε =", *(f"{epsilon:g}" for epsilon in epsilons)], rows)


def exit_gain_exits(figures: Figures) -> Iterable[str]:
    """F1 of each exit by itself and of their average at ε*, all under the attack on the last."""
    rows = [
        [found["setting"], f"{(at := like_paper(found))['epsilon']:g}", each(at["exits"]), spread(at["early_exit"])]
        for found in figures["settings"]
    ]
    return markdown(["setting", "ε\\*", "F1 of exits 1, 2, …", "F1 of their average"], rows)


def exit_gain_why(figures: Figures) -> Iterable[str]:
    """How alike the gradients of the exits are, how often a window that fools the last one fools them, how long."""
    rows = [
        [
            found["setting"],
            each(found["alignment"]),
            each(like_paper(found)["transfer"]),
            *(spread(found["gradient_l1"][net][-1]) for net in ("early_exit", "undefended")),
        ]
        for found in figures["settings"]
    ]
    lengths = ["L1 of the last exit's gradient", "of the undefended net's"]
    return markdown(["setting", "cosine with the last exit", "attack carries over, at ε\\*", *lengths], rows)


def like_paper(found: Figures) -> Figures:
    """The row of the ε at which the setting's undefended net has the F1 nearest the paper's."""
    row: Figures = min(found["pgd"], key=lambda row: abs(row["undefended"]["mean"] - PAPER_F1))
    return row


def by_epsilons(figures: Figures) -> list[Figures]:
    """The settings, those of the same ε together, in the order in which these come first."""
    known = list(dict.fromkeys(epsilons_of(found) for found in figures["settings"]))
    return sorted(figures["settings"], key=lambda found: known.index(epsilons_of(found)))


def epsilons_of(found: Figures) -> tuple[float, ...]:
    """All ε of a setting."""
    return tuple(row["epsilon"] for row in found["pgd"])


def beside_paper(gains: dict[str, Figures]) -> str:
    """The largest mean gain at ε* beside the paper's, and the settings whose interval is on one side of zero."""
    best, largest = max(((setting, gain["mean"]) for setting, gain in gains.items()), key=lambda pair: float(pair[1]))
    known = {setting: gain for setting, gain in gains.items() if gain["low"] is not None}
    above = [setting for setting, gain in known.items() if gain["low"] > 0]
    below = [setting for setting, gain in known.items() if gain["high"] < 0]
    return (
        f"The largest mean gain at ε\\* is {signed(largest)} ({best}); the paper's is {signed(PAPER_GAIN)}. "
        f"The interval lies above 0 for: {named(above)}. Below: {named(below)}."
    )


def named(settings: Sequence[str]) -> str:
    """The settings in a row."""
    return "; ".join(settings) or "no setting"


def counted(gains: Sequence[Figures]) -> str:
    """How many intervals leave zero out, and how many would by chance."""
    known = [gain for gain in gains if gain["low"] is not None and gain["std"] > 0]
    above, below = sum(gain["low"] > 0 for gain in known), sum(gain["high"] < 0 for gain in known)
    return (
        f"Of {len(known)} intervals, over all settings and ε at which nets differ, {above} lie above 0 and {below} "
        f"below; were there no difference anywhere, about {len(known) / 40:.0f} would on either side."
    )


def spread(value: Figures) -> str:
    """Mean ± standard deviation over seeds."""
    return f"{value['mean']:.2f} ± {value['std']:.2f}"


def paired(gain: Figures) -> str:
    """Mean with its interval."""
    interval = "" if gain["low"] is None else f" [{signed(gain['low'])}, {signed(gain['high'])}]"
    return signed(gain["mean"]) + interval


def signed(value: float) -> str:
    """Two decimals; nothing is minus zero."""
    return f"{round(value, 2) + 0.0:+.2f}"


def each(exits: Sequence[Figures | None]) -> str:
    """The means of the exits in order; a dash where no seed has a figure."""
    return ", ".join("–" if value is None else f"{value['mean']:.2f}" for value in exits)


EXIT_TABLES: Final[dict[str, tuple[str, Callable[[Figures], Iterable[str]]]]] = {
    "exit-gain": ("exit-gain", exit_gain),
    "exit-gain-curve": ("exit-gain", exit_gain_curve),
    "exit-gain-exits": ("exit-gain", exit_gain_exits),
    "exit-gain-why": ("exit-gain", exit_gain_why),
}
