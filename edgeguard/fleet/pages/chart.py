"""Charts (ECharts, offline) in the colors of the theme that is on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from nicegui import ui
from nicegui.elements import echart

from edgeguard.fleet.pages.theme import color

Options = dict[str, Any]
_BUNDLE: Final = str(Path(echart.__file__).parent / "dist")


class Chart(ui.element, component="chart.js", esm={"nicegui-echart": _BUNDLE}):
    """An ECharts chart.

    Args:
        options: As of ECharts. Colors may be `theme.color`s; ``eg:percent``, ``eg:figure``, ``eg:ms`` and ``eg:moment``
            stand for formatting functions; a datum's ``href`` is where a click on it leads.
        label: What it shows, for those who hear the page.
        height: In CSS.
        group: Charts of one group zoom together.
    """

    def __init__(self, options: Options, label: str, *, height: str = "12rem", group: str = "") -> None:
        super().__init__()
        self._props.update(options=options, label=label, group=group, fresh=0)
        self.style(f"height: {height}")

    def draw(self, options: Options, *, anew: bool = False) -> None:
        """Show other options; the zoom stays unless it is all `anew`."""
        self._props["options"] = options
        self._props["fresh"] += anew
        self.update()


def plain() -> Options:
    """What every chart has: quiet axes, a tooltip over all series, nothing that moves."""
    text = {"color": color("muted"), "fontSize": 12}
    line = {"lineStyle": {"color": color("line")}}
    return {
        "animation": False,
        "textStyle": {"fontFamily": "system-ui, sans-serif", "color": color("ink")},
        "grid": {"left": 52, "right": 16, "top": 12, "bottom": 24},
        "xAxis": {"type": "time", "axisLabel": {**text, "hideOverlap": True}, "axisLine": line, "axisTick": line},
        "yAxis": {"type": "value", "axisLabel": text, "splitLine": line, "splitNumber": 3},
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            "backgroundColor": color("surface"),
            "borderColor": color("edge"),
            "textStyle": {"color": color("ink"), "fontSize": 12},
            "axisPointer": {"lineStyle": {"color": color("edge")}},
        },
        "legend": {
            "show": False,
            "textStyle": {"color": color("ink"), "fontSize": 12},
            "inactiveColor": color("edge"),
            "icon": "roundRect",
            "itemWidth": 14,
            "itemHeight": 8,
        },
        "series": [],
    }


def room(names: Sequence[str], most: int = 130) -> int:
    """Pixels that the longest of `names` takes up beside an axis, at most `most` and some air."""
    return min(most, max((8 * len(name) for name in names), default=0)) + 14
