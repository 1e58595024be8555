"""The models page: which model runs where, since when, and what changed when it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet import arrival
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.arrival_words import Rate, interval, verdict
from edgeguard.fleet.pages.chart import Chart, Options, plain
from edgeguard.fleet.pages.fleet_filter import FleetFilter
from edgeguard.fleet.pages.moment import Moment
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.table import Column, Table, TableRow, Tone
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.theme import series
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.pages.wording import bundle, count, percent, several
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import models

_EVERY_S: Final = 300.0
_ROLLOUT_DAYS: Final = 30
_SIGNS: Final[dict[Tone, str]] = {"bad": "▲", "good": "▼", "": "=", "warn": ""}
_RATES: Final[dict[Rate, str]] = {"alarms": "Alarms", "rejected": "Rejected"}
_COLUMNS: Final = (
    Column("rate", "Share of windows", sortable=False, phone="title"),
    Column("before", "Before", sortable=False, numeric=True),
    Column("after", "After", sortable=False, numeric=True),
    Column("change", "Change in points (interval)", sortable=False, numeric=True),
)


@dataclass(frozen=True)
class Models:
    """What the page shows."""

    rows: list[models.ModelRow]
    rollout: models.Rollout


def add(parts: Parts) -> None:
    """The page at ``/models``."""

    @page(parts, "/models", "Models")
    async def show(visit: Visit) -> None:
        await ModelsPage(visit).build()


class ModelsPage:
    """One open models page."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.panel = Panel(visit, self._models, self._draw)

    async def build(self) -> None:
        """Draw it, and keep it up to date."""
        await self.panel.show()
        ui.timer(_EVERY_S, self.panel.redraw, immediate=False)

    def _models(self, connection: Any) -> Models:
        now_ms = self.visit.parts.now_ms()
        return Models(models.models(connection), models.rollout(connection, now_ms - _ROLLOUT_DAYS * DAY_MS, now_ms))

    def _draw(self, found: Models) -> None:
        if not found.rows:
            states.empty("No device has told which model it runs yet", "Devices tell it when they connect.")
            return
        with ui.element("section").classes("eg-card"):
            text("h2", "Devices by model, last 30 days")
            Chart(rollout_options(found), "How many devices ran each model over the last 30 days", height="15rem")
        for row in found.rows:
            self._card(row)

    def _card(self, row: models.ModelRow) -> None:
        with ui.element("section").classes("eg-card").props(f'id="model-{row.id}"'):
            with ui.element("div").classes("eg-row"):
                text("h2", bundle(row.model, row.version) if row.model else "a model without a name yet").classes(
                    "eg-wrap"
                )
                text("code", row.sha256[:12]).classes("eg-muted eg-small").tooltip(row.sha256)
            with ui.element("div").classes("eg-columns"):
                _where(row)
                with ui.element("div").classes("eg-panel-content"):
                    text("h3", "What changed when it came").classes("eg-strip-name")
                    panel = Panel(self.visit, lambda connection: self._arrival(connection, row.id), _comparison)
            ui.timer(0, panel.show, once=True)

    def _arrival(self, connection: Any, bundle_id: int) -> arrival.Arrival:
        return arrival.of(models.changes(connection, bundle_id, self.visit.parts.now_ms()))


def rollout_options(found: Models) -> Options:
    """Stacked steps: one color a model."""
    options = plain()
    options["legend"] |= {"show": True, "top": 0, "left": 0, "type": "scroll"}
    options["grid"]["top"] = 34
    options["yAxis"]["minInterval"] = 1
    names = {row.id: bundle(row.model, row.version) if row.model else row.sha256[:8] for row in found.rows}
    for k, (bundle_id, name) in enumerate(names.items()):
        numbers = found.rollout.devices.get(bundle_id, [])
        if any(numbers):
            look = {"type": "line", "step": "end", "stack": "all", "showSymbol": False, "areaStyle": {"opacity": 0.6}}
            points = [list(point) for point in zip(found.rollout.at_ms, numbers, strict=True)]
            options["series"].append(
                {"name": name, "data": points, "color": series(k), "lineStyle": {"width": 1}, **look}
            )
    return options


def _where(row: models.ModelRow) -> None:
    with ui.element("dl").classes("eg-facts"):
        text("dt", "Runs on")
        with ui.element("dd"):
            href = FleetFilter(bundle=row.id).address
            text("a", several(row.devices)).props(f'href="{href}"')
            text("span", f", {count(row.online)} of them online")
        for name, at_ms in (
            ("First came", row.since_ms),
            ("Last came", row.newest_ms),
        ):
            text("dt", name)
            with ui.element("dd"):
                Moment(at_ms, "runs nowhere now")
        text("dt", "Ever ran on")
        text("dd", several(row.ever))


def _comparison(found: arrival.Arrival) -> None:
    """Both rates with their intervals, and what that means."""
    if not found.devices:
        words = "Nothing to compare yet: it takes a device that ran another model for an hour, and then this one."
        text("p", words).classes("eg-muted")
        return
    rates: dict[Rate, arrival.RateChange | None] = {"alarms": found.alarms, "rejected": found.rejected}
    compared = {rate: change for rate, change in rates.items() if change is not None}
    for rate, change in compared.items():
        told, tone = verdict(rate, change)
        text("p", f"{_SIGNS[tone]} {told}").classes(f"eg-text-{tone}" if tone else "")
    table = Table(_COLUMNS, "Rates before and after")
    table.fill([_rate_row(rate, change) for rate, change in compared.items()])
    note = f"On the same {several(found.devices)}, in equal time before and after; 95 % bootstrap intervals."
    text("p", note).classes("eg-muted eg-small")


def _rate_row(rate: Rate, change: arrival.RateChange) -> TableRow:
    before, after = percent(change.before), percent(change.after)
    return TableRow(rate, {"rate": _RATES[rate], "before": before, "after": after, "change": interval(change)})
