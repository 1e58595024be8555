"""One device over time as charts that zoom together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edgeguard.fleet.pages.chart import Options, plain
from edgeguard.fleet.pages.theme import color, series
from edgeguard.fleet.pages.wording import STATUS, bundle
from edgeguard.fleet.store.timeline import Timeline

Values = Sequence[float | None]
_STATUS_COLOR: Final = {"online": "good-soft", "offline": "warn-soft", "stopped": "raised", "unknown": "raised"}


@dataclass(frozen=True)
class Strip:
    """One chart of the timeline: its name, what it means, and its options."""

    name: str
    meaning: str
    options: Options
    height: str = "10rem"


def strips(timeline: Timeline, now_ms: int, threshold: float | None) -> list[Strip]:
    """All charts of a device, from the top; `threshold` is the disagreement's, where one is known."""
    of = timeline.figures
    judged = _judged(of.windows, of.rejected)
    return [
        Strip("Disagreement of the exits", "Red: alarms", _disagreement(timeline, now_ms, threshold), "13rem"),
        Strip("Predictions", "Share of windows by class", _stacked(timeline, of.predictions, judged, full=True)),
        Strip("Confidence", "Mean; margin is its lead over the second class", _confidence(timeline)),
        Strip(
            "Rejected",
            "Share of windows too poor for the model, by reason",
            _stacked(timeline, of.rejected, of.windows),
        ),
        Strip("Gaps in the signal", "Samples that are missing, and how often it broke off", _gaps(timeline)),
        Strip("Battery", "The lowest of each interval", _battery(timeline), "8rem"),
        Strip("Latency", "From a window's last sample to its verdict", _latency(timeline)),
        Strip("Presence and model", "", _bands(timeline, now_ms), "7rem"),
    ]


def _frame(timeline: Timeline, *, slider: bool = False, share: bool = False) -> Options:
    options = plain()
    options["xAxis"] |= {"min": timeline.from_ms, "max": timeline.to_ms, "axisPointer": {"label": {"show": False}}}
    options["legend"] |= {"show": True, "top": 0, "left": 0, "type": "scroll", "padding": [0, 0, 8, 0]}
    options["grid"] |= {"top": 30, "bottom": 62 if slider else 24}
    zoom = {"xAxisIndex": 0, "filterMode": "none", "minValueSpan": 60_000}
    options["dataZoom"] = [
        {"type": "inside", "zoomOnMouseWheel": "ctrl", "moveOnMouseMove": True, **zoom},
        {"type": "slider", "show": slider, "height": 22, "bottom": 4, **_slider_colors(), **zoom},
    ]
    if share:
        options["yAxis"] |= {"min": 0, "max": 1, "interval": 0.5}
        options["yAxis"]["axisLabel"] = {**options["yAxis"]["axisLabel"], "formatter": "eg:percent"}
    return options


def _slider_colors() -> Options:
    return {
        "borderColor": color("line"),
        "fillerColor": "rgba(86, 140, 200, 0.18)",
        "handleStyle": {"color": color("surface"), "borderColor": color("edge")},
        "moveHandleStyle": {"color": color("edge")},
        "textStyle": {"color": color("muted"), "fontSize": 11},
        "labelFormatter": "eg:moment",
        "showDetail": False,
        "brushSelect": False,
    }


def _line(timeline: Timeline, name: str, values: Values, k: int, **more: Any) -> Options:
    return {
        "name": name,
        "type": "line",
        "data": _points(timeline, values),
        "showSymbol": len(values) < 3,
        "color": series(k),
        "lineStyle": {"width": 2},
        "tooltip": {"valueFormatter": "eg:figure"},
        **more,
    }


def _points(timeline: Timeline, values: Values) -> list[list[float | None]]:
    return [[at, value] for at, value in zip(timeline.figures.at_ms, values, strict=True)]


def _disagreement(timeline: Timeline, now_ms: int, threshold: float | None) -> Options:
    of = timeline.figures
    options = _frame(timeline, slider=True)
    options["yAxis"]["min"] = 0
    mean = _line(timeline, "mean", of.disagreement, 0, markArea=_alarm_areas(timeline, now_ms))
    if threshold is not None:
        mean["markLine"] = _at(threshold, "alarm threshold")
    options["series"] = [mean, _line(timeline, "95 % are below", of.disagreement_p95, 1, lineStyle={"type": "dashed"})]
    return options


def _at(value: float, name: str) -> Options:
    label = {"formatter": name, "position": "insideStartTop", "color": color("bad"), "fontSize": 11}
    line = {"color": color("bad"), "type": "dotted"}
    return {"symbol": "none", "silent": True, "data": [{"yAxis": value}], "label": label, "lineStyle": line}


def _alarm_areas(timeline: Timeline, now_ms: int) -> Options:
    spans = [
        [{"xAxis": alarm.began_ms, "href": f"/alarms/{alarm.id}"}, {"xAxis": alarm.ended_ms or now_ms}]
        for alarm in timeline.alarms
    ]
    style = {"color": color("bad"), "opacity": 0.16, "borderColor": color("bad"), "borderWidth": 1}
    return {"data": spans, "itemStyle": style}


def _confidence(timeline: Timeline) -> Options:
    of = timeline.figures
    options = _frame(timeline, share=True)
    as_share = {"tooltip": {"valueFormatter": "eg:percent"}}
    options["series"] = [
        _line(timeline, "confidence", of.confidence, 0, **as_share),
        _line(timeline, "margin", of.margin, 2, lineStyle={"type": "dashed"}, **as_share),
    ]
    return options


def _judged(windows: Values, rejected: Mapping[str, Values]) -> list[float | None]:
    gone = [sum(values[k] or 0 for values in rejected.values()) for k in range(len(windows))]
    return [None if all_ is None else all_ - out for all_, out in zip(windows, gone, strict=True)]


def _stacked(timeline: Timeline, named: Mapping[str, Values], whole: Values, *, full: bool = False) -> Options:
    """`full`: the shares make up the whole."""
    options = _frame(timeline, share=True)
    if not full:
        options["yAxis"] |= {"max": None, "interval": None}
    for k, (name, values) in enumerate(named.items()):
        shares = [None if not all_ or part is None else part / all_ for part, all_ in zip(values, whole, strict=True)]
        area = {"stack": "all", "areaStyle": {"opacity": 0.5}, "lineStyle": {"width": 1}}
        options["series"].append(_line(timeline, name, shares, k, tooltip={"valueFormatter": "eg:percent"}, **area))
    return options


def _gaps(timeline: Timeline) -> Options:
    of = timeline.figures
    options = _frame(timeline)
    steps = {"step": "end", "areaStyle": {"opacity": 0.3}, "lineStyle": {"width": 1}}  # bars would widen the axis
    options["series"] = [
        _line(timeline, "samples missing", of.missing_samples, 1, **steps),
        _line(timeline, "times broken off", of.gaps, 0, **steps),
    ]
    return options


def _battery(timeline: Timeline) -> Options:
    options = _frame(timeline, share=True)
    as_share = {"tooltip": {"valueFormatter": "eg:percent"}}
    options["series"] = [
        _line(timeline, "battery", timeline.figures.battery, 2, areaStyle={"opacity": 0.2}, **as_share)
    ]
    return options


def _latency(timeline: Timeline) -> Options:
    of = timeline.figures
    options = _frame(timeline)
    as_ms = {"tooltip": {"valueFormatter": "eg:ms"}}
    options["yAxis"]["axisLabel"] = {**options["yAxis"]["axisLabel"], "formatter": "eg:ms"}
    options["series"] = [
        _line(timeline, "mean", of.latency_ms, 0, **as_ms),
        _line(timeline, "95 % are below", of.latency_p95_ms, 1, lineStyle={"type": "dashed"}, **as_ms),
    ]
    return options


def _bands(timeline: Timeline, now_ms: int) -> Options:
    """Two rows: the model above, presence below."""
    options = _frame(timeline)
    options["legend"]["show"] = False
    options["tooltip"] = {"show": False}
    options["grid"]["top"] = 6
    axis = {"min": 0, "max": 2, "interval": 1, "axisLabel": {"show": False}, "splitLine": {"show": False}}
    options["yAxis"] |= axis
    end = min(now_ms, timeline.to_ms)
    ends = [*(change.at_ms for change in timeline.presence[1:]), end]
    bands = [
        _band(STATUS[change.status][0], change.at_ms, until, 0, color(_STATUS_COLOR[change.status]))
        for change, until in zip(timeline.presence, ends, strict=False)  # `ends` has one more where nothing is known
    ]
    bands += [
        _band(bundle(run.model, run.version), run.since_ms, run.until_ms or end, 1, color("raised"))
        for run in timeline.deployments
    ]
    label = {"position": "inside", "color": color("ink"), "fontSize": 12, "overflow": "truncate"}
    options["series"] = [{"type": "line", "data": [], "markArea": {"silent": True, "data": bands, "label": label}}]
    return options


def _band(name: str, from_ms: int, to_ms: int, row: int, fill: str) -> list[Options]:
    style = {"color": fill, "borderColor": color("edge"), "borderWidth": 1}
    return [
        {"name": name, "xAxis": from_ms, "yAxis": row + 0.08, "itemStyle": style},
        {"xAxis": to_ms, "yAxis": row + 0.92},
    ]
