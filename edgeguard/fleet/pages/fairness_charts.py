"""Figures by group: a dot with its interval, and the whole fleet as a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeguard.fleet.fairness_report import Curve, FigureRow, Group, Unit
from edgeguard.fleet.pages.chart import Options, plain, room
from edgeguard.fleet.pages.fairness_words import told
from edgeguard.fleet.pages.theme import color, series
from edgeguard.metrics.figures import Estimate

# Names of groups are values of the options, never keys: a key can be code to the chart.


def dots(row: FigureRow, groups: Sequence[Group]) -> Options:
    """The figure of each group that has one, with its interval; see `missing` for the others."""
    options = plain()
    known = [(group.name, each) for group, each in zip(groups, row.groups, strict=True) if each.value is not None]
    options |= _axes([name for name, _ in known], row.unit)
    options["tooltip"] |= {"trigger": "item"}
    whiskers = [_whisker(place, each) for place, (_, each) in enumerate(known) if each.low is not None]
    options["series"] = [*whiskers, _dots([each for _, each in known], row)]
    return options


def missing(row: FigureRow, groups: Sequence[Group]) -> list[str]:
    """The groups without the figure, each with the reason."""
    return [
        f"{group.name}: {each.reason}" for group, each in zip(groups, row.groups, strict=True) if each.value is None
    ]


def height(row: FigureRow) -> str:
    """Of the chart of `row`."""
    return f"{3.25 + 1.875 * sum(each.value is not None for each in row.groups)}rem"


def described(row: FigureRow, groups: Sequence[Group]) -> str:
    """The chart in words."""
    return "; ".join(f"{group.name} {told(each, row.unit)}" for group, each in zip(groups, row.groups, strict=True))


def curves(curve: Curve, groups: Sequence[Group]) -> Options:
    """I_P(τ): the share of windows with at least each margin, a line a group."""
    options = plain()
    options["xAxis"] |= {
        "type": "value",
        "min": 0,
        "max": 1,
        "name": "margin τ",
        "nameLocation": "middle",
        "nameGap": 28,
    }
    options["yAxis"] |= {"min": 0, "max": 1, "axisLabel": {**options["yAxis"]["axisLabel"], "formatter": "eg:percent"}}
    options["grid"] |= {"top": 36, "bottom": 44}
    options["legend"] |= {"show": True, "top": 0, "type": "scroll"}
    options["tooltip"]["valueFormatter"] = "eg:percent"
    drawn = [(group, shares) for group, shares in zip(groups, curve.shares, strict=True) if shares is not None]
    options["series"] = [
        {
            "name": group.name,
            "type": "line",
            "showSymbol": False,
            "color": series(k),
            "data": [list(point) for point in zip(curve.taus, shares, strict=False)],
        }
        for k, (group, shares) in enumerate(drawn)
    ]
    return options


def _axes(names: list[str], unit: Unit) -> Options:
    text = {"color": color("muted"), "fontSize": 12}
    values = {**text, "formatter": "eg:percent" if unit == "share" else "eg:figure"}
    line = {"lineStyle": {"color": color("line")}}
    return {
        "grid": {"left": room(names), "right": 24, "top": 22, "bottom": 24},
        "xAxis": {"type": "value", "scale": True, "axisLabel": values, "splitLine": line, "splitNumber": 4},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": names,
            "axisTick": {"show": False},
            "axisLine": line,
            "axisLabel": {"color": color("ink"), "fontSize": 13, "width": 120, "overflow": "truncate"},
        },
    }


def _whisker(place: int, estimate: Estimate) -> dict[str, Any]:
    return {
        "type": "line",
        "data": [[estimate.low, place], [estimate.high, place]],
        "symbol": "rect",
        "symbolSize": [2, 12],
        "silent": True,
        "tooltip": {"show": False},
        "lineStyle": {"color": series(0), "width": 3},
        "itemStyle": {"color": series(0)},
    }


def _dots(known: Sequence[Estimate], row: FigureRow) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "scatter",
        "symbolSize": 12,
        "z": 3,
        "itemStyle": {"color": series(0), "borderColor": color("surface"), "borderWidth": 2},
        "data": [
            {"value": [each.value, place], "tooltip": {"formatter": told(each, row.unit)}}
            for place, each in enumerate(known)
        ],
    }
    if row.overall.value is not None:
        made["markLine"] = {
            "symbol": "none",
            "silent": True,
            "data": [{"xAxis": row.overall.value}],
            "lineStyle": {"color": color("muted")},
            "label": {"formatter": "all", "position": "start", "color": color("muted")},
        }
    return made
