"""The timeline of a device: how far back, zoom, and going on with what comes."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.chart import Chart
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.timeline_charts import Strip, strips
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store import alarms
from edgeguard.fleet.store.devices import DeviceRow
from edgeguard.fleet.store.timeline import Timeline, timeline

RANGES: Final = {
    "1 h": HOUR_MS,
    "24 h": DAY_MS,
    "7 d": 7 * DAY_MS,
    "30 d": 30 * DAY_MS,
    "1 y": 365 * DAY_MS,
}
_RESOLUTIONS: Final = {"summaries": "as it was sent", "hours": "by the hour", "days": "by the day"}
Answer = tuple[Timeline, float | None]


class TimelineCard:
    """Charts of one device, which zoom together."""

    def __init__(self, visit: Visit, device: DeviceRow) -> None:
        self.visit = visit
        self.device = device
        self.range = asked if (asked := visit.query.get("range", "")) in RANGES else "24 h"
        self.charts: list[Chart] = []
        self.anew = False
        with ui.element("section").classes("eg-card"):
            self._heading()
            self.panel = Panel(visit, self._question, self._draw)

    async def show(self) -> None:
        """Read and draw it."""
        await self.panel.show()

    async def follow(self) -> None:
        """Read it once more: it goes on to now, and stays zoomed as it is."""
        await self.panel.refresh()

    def _heading(self) -> None:
        with ui.element("div").classes("eg-row"):
            text("h2", "Timeline")
            self.resolution = text("span", "").classes("eg-muted eg-small")
            with ui.element("div").classes("eg-ranges").props('role=group aria-label="How far back"'):
                self.buttons = {name: self._button(name) for name in RANGES}
        self._press()

    def _button(self, name: str) -> ui.button:
        button = ui.button(name, color=None).props("flat no-caps padding=xs-md")
        return button.on_click(lambda: self._choose(name))

    def _press(self) -> None:
        for name, button in self.buttons.items():
            button.props(f"aria-pressed={str(name == self.range).lower()}")

    async def _choose(self, name: str) -> None:
        self.range, self.anew = name, True
        self._press()
        ui.run_javascript(f"edgeguard.replaceQuery('range', {name!r})")
        await self.panel.refresh()

    def _question(self, connection: Any) -> Answer:
        now_ms = self.visit.parts.now_ms()
        of = timeline(connection, self.device.id, now_ms - RANGES[self.range], now_ms + 1)
        newest = alarms.alarms(connection, device_id=self.device.id, kind="window", limit=1).rows
        return of, newest[0].threshold if newest else None

    def _draw(self, answer: Answer) -> Any:
        self.nothing = ui.element("div")
        with self.nothing:
            states.empty("Nothing came in this time", "Look further back with the buttons above.")
        with ui.element("div").classes("eg-strips") as self.box:
            self.charts = [self._strip(strip) for strip in self._strips(answer)]
        self._say(answer)
        return self._update

    def _strips(self, answer: Answer) -> list[Strip]:
        return strips(answer[0], self.visit.parts.now_ms(), answer[1])

    def _strip(self, strip: Strip) -> Chart:
        with ui.element("figure").classes("eg-strip"):
            with ui.element("figcaption"):
                text("span", strip.name).classes("eg-strip-name")
                text("span", strip.meaning).classes("eg-muted eg-small")
            return Chart(strip.options, f"{strip.name}. {strip.meaning}", height=strip.height, group="timeline")

    def _update(self, answer: Answer) -> None:
        for chart, strip in zip(self.charts, self._strips(answer), strict=True):
            chart.draw(strip.options, anew=self.anew)
        self.anew = False
        self._say(answer)

    def _say(self, answer: Answer) -> None:
        something = bool(answer[0].figures.at_ms)
        self.nothing.visible, self.box.visible = not something, something
        self.resolution.text = _RESOLUTIONS[answer[0].resolution] if something else ""
