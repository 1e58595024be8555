"""The charts of one alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from edgeguard.fleet.pages.chart import Options, plain, room
from edgeguard.fleet.pages.theme import color, series
from edgeguard.fleet.store.alarms import AlarmRow
from edgeguard.fleet.store.timeline import Timeline

MOST_CLASSES: Final = 8
_HALF: Final = 0.5


def exit_bars(exit_probabilities: Sequence[float], confidence: float) -> Options:
    """Each exit's probability of the predicted class, in order of depth, and the ensemble's as a line."""
    last = len(exit_probabilities)
    names = [f"exit {number}" + (" (last)" if number == last > 1 else "") for number in range(1, last + 1)]
    tones = [series(0) if share >= _HALF else color("bad") for share in exit_probabilities]
    options = _bars(names, exit_probabilities, tones)
    options["series"][0]["markLine"] = {
        "symbol": "none",
        "silent": True,
        "data": [{"xAxis": confidence}],
        "lineStyle": {"color": color("ink")},
        "label": {"formatter": f"ensemble {confidence:.0%}", "position": "start", "color": color("ink")},
    }
    return options


def class_bars(probabilities: Mapping[str, float], predicted: str) -> Options:
    """The ensemble's probability of each class, the likeliest first; of many classes the likeliest alone."""
    likeliest = sorted(probabilities.items(), key=lambda item: -item[1])[:MOST_CLASSES]
    tones = [series(0) if name == predicted else color("edge") for name, _ in likeliest]
    return _bars([name for name, _ in likeliest], [share for _, share in likeliest], tones)


def height(bars: int) -> str:
    """Of a chart of so many bars."""
    return f"{2.75 + 1.75 * bars}rem"


def around(timeline: Timeline, row: AlarmRow, to_ms: int) -> Options:
    """The device's disagreement before, during and after the alarm."""
    options = plain()
    options["xAxis"] |= {"min": timeline.from_ms, "max": timeline.to_ms}
    options["legend"] |= {"show": True, "top": 0, "right": 0}
    options["grid"] |= {"top": 36}
    options["tooltip"]["valueFormatter"] = "eg:figure"
    mean = _line("mean", timeline.figures.at_ms, timeline.figures.disagreement, series(0))
    span = [{"xAxis": row.began_ms}, {"xAxis": row.ended_ms or to_ms}]
    mean["markArea"] = {"silent": True, "itemStyle": {"color": color("bad-soft")}, "data": [span]}
    if row.kind == "window":
        mean["markLine"] = _threshold(row.threshold)
    options["series"] = [
        mean,
        _line("95th percentile", timeline.figures.at_ms, timeline.figures.disagreement_p95, series(1)),
    ]
    return options


def _threshold(value: float) -> Options:
    return {
        "symbol": "none",
        "silent": True,
        "data": [{"yAxis": value}],
        "lineStyle": {"color": color("bad")},
        "label": {"formatter": "threshold", "position": "insideEndTop", "color": color("bad")},
    }


def _line(name: str, at_ms: Sequence[int], values: Sequence[float | None], line: str) -> Options:
    data = [list(point) for point in zip(at_ms, values, strict=True)]
    return {"name": name, "type": "line", "showSymbol": False, "data": data, "color": line, "lineStyle": {"width": 2}}


def _bars(names: Sequence[str], shares: Sequence[float], tones: Sequence[str]) -> Options:
    options = plain()
    bars: list[dict[str, Any]] = [
        {"value": round(share, 4), "itemStyle": {"color": tone}, "label": {"formatter": f"{share:.0%}"}}
        for share, tone in zip(shares, tones, strict=True)
    ]
    text = {"color": color("ink"), "fontSize": 13}
    options["tooltip"] = {"show": False}
    options["grid"] = {"left": room(names), "right": 52, "top": 22, "bottom": 8}
    options["xAxis"] = {"type": "value", "min": 0, "max": 1, "axisLabel": {"show": False}, "splitLine": {"show": False}}
    options["yAxis"] = {
        "type": "category",
        "inverse": True,
        "data": list(names),
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": color("line")}},
        "axisLabel": {**text, "width": 130, "overflow": "truncate"},
    }
    label = {**text, "show": True, "position": "right"}
    options["series"] = [{"type": "bar", "data": bars, "barMaxWidth": 22, "label": label}]
    return options
