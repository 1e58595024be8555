"""The fleet page: every device, those that need a look first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.fleet_filter import PART, FleetFilter
from edgeguard.fleet.pages.fleet_table import COLUMNS, rows_of, steadied
from edgeguard.fleet.pages.following import follow
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.table import Table
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.pages.wording import bundle, count
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import devices, models, quarantine
from edgeguard.fleet.store.changes import Changes
from edgeguard.fleet.store.listing import Listing

_AT_MOST_EVERY_S: Final = 2.0
_AT_LEAST_EVERY_S: Final = 15.0
# what the list is narrowed to -> (its name, its sign, its tone)
_FIGURES: Final = (
    (FleetFilter(status="attacked"), "Attacked now", "▲", "bad"),
    (FleetFilter(attention=True), "Need attention", "◆", "warn"),
    (FleetFilter(status="offline"), "Offline", "○", "warn"),
    (FleetFilter(status="online"), "Online", "●", "good"),
    (FleetFilter(), "All devices", "", ""),
)
_STATUSES: Final = {
    "": "Any status",
    "attacked": "▲ Attacked",
    "drifting": "◆ Other trouble",
    "online": "● Online",
    "offline": "○ Offline",
    "stopped": "■ Stopped",
    "unknown": "? Unknown",
}


@dataclass(frozen=True)
class Morning:
    """What the page shows."""

    counts: devices.FleetCounts
    need_attention: int
    set_aside: int
    listing: Listing[devices.DeviceRow]


def add(parts: Parts) -> None:
    """The page at ``/``."""

    @page(parts, "/", "Fleet")
    async def fleet(visit: Visit) -> None:
        await FleetPage(visit).build()


class FleetPage:
    """One open fleet page."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.filter = FleetFilter.of(visit.query)
        self.shown: list[devices.DeviceRow] = []
        self.held = False
        self.panel = Panel(visit, self._morning, self._draw)

    async def build(self) -> None:
        """Draw it, and keep it up to date."""
        await self.panel.show()
        follow(self.visit, self._follow)
        ui.timer(_AT_LEAST_EVERY_S, self.panel.refresh, immediate=False)

    async def _follow(self, _changes: Changes) -> None:
        await self.panel.refresh()
        await asyncio.sleep(_AT_MOST_EVERY_S)

    def _morning(self, connection: Any) -> Morning:
        listing = self.filter.rows(connection)
        set_aside = quarantine.quarantine(connection, limit=1).total
        need_attention = devices.devices(connection, attention=True, limit=1).total
        return Morning(devices.counts(connection), need_attention, set_aside, listing)

    def _draw(self, morning: Morning) -> Any:
        if not morning.counts.devices:
            _nobody(morning)
            return None
        self.figures = ui.element("div").classes("eg-figures")
        with ui.element("section").classes("eg-card"):
            self._filters()
            self.moved = ui.label("Devices have changed places; they move when you look elsewhere.")
            self.moved.classes("eg-small eg-muted").props("role=status")
            self.table = Table(COLUMNS, "Devices", on_sort=self._sort, on_turn=self._turn, on_hold=self._hold)
            self.nothing = ui.element("div")
            with self.nothing:
                states.empty("No device fits", "Clear the filters to see all devices.")
        self._update(morning)
        return self._update

    def _update(self, morning: Morning) -> None:
        found = morning.listing
        rows = steadied(found.rows, self.shown) if self.held else found.rows
        self.moved.visible = [row.id for row in rows] != [row.id for row in found.rows]
        self.shown = rows
        self.table.fill(
            rows_of(rows),
            total=found.total,
            offset=self.filter.offset,
            limit=PART,
            sort=self.filter.sort,
            descending=self.filter.descending,
        )
        self.table.visible, self.nothing.visible = found.total > 0, found.total == 0
        self.clear.visible = self.filter.narrows
        self.figures.clear()
        with self.figures:
            self._figures(morning)

    def _figures(self, morning: Morning) -> None:
        found = morning.counts
        numbers = (found.attacked, morning.need_attention, found.offline, found.online, found.devices)
        for (wanted, label, sign, tone), number in zip(_FIGURES, numbers, strict=True):
            current = wanted == self.filter.but(sort="attention", descending=False)
            _figure(wanted.address, label, number, sign, tone if number else "", current=current)
        _figure("/settings?tab=quarantine", "Messages set aside", morning.set_aside, "⊘", "", current=False)

    def _filters(self) -> None:
        now = self.filter
        with ui.element("div").classes("eg-row eg-filters").props("role=search"):
            self.search = ui.input("Search fleet/device", value=now.search)
            self.search.props("outlined dense clearable debounce=250 type=search").classes("eg-grow")
            self.search.on_value_change(lambda event: self._narrow(search=event.value or ""))
            self.status = ui.select(_STATUSES, value=now.status, label="Status").props("outlined dense")
            self.status.on_value_change(lambda event: self._narrow(status=event.value))
            self.model = ui.select({0: "Any model"}, value=0, label="Model").props("outlined dense")
            self.attention = ui.switch("Needs attention", value=now.attention)
            self.attention.on_value_change(lambda event: self._narrow(attention=event.value))
            self.clear = ui.button("Clear filters", icon="close").props("flat dense no-caps")
            self.clear.on_click(lambda: ui.navigate.to("/"))
        ui.timer(0, self._models, once=True)

    async def _models(self) -> None:
        known = await self.visit.read(models.models)
        options = {0: "Any model"} | {row.id: f"{bundle(row.model, row.version)} ({row.sha256[:6]})" for row in known}
        self.model.set_options(options, value=self.filter.bundle if self.filter.bundle in options else 0)
        self.model.on_value_change(lambda event: self._narrow(bundle=event.value))

    async def _narrow(self, **changes: Any) -> None:
        await self._go(self.filter.but(**changes))

    async def _sort(self, name: str, descending: bool) -> None:
        await self._go(self.filter.but(sort=name, descending=descending))

    async def _turn(self, offset: int) -> None:
        await self._go(self.filter.but(offset=offset))

    async def _go(self, wanted: FleetFilter) -> None:
        if wanted == self.filter:
            return
        self.filter, self.shown = wanted, []
        ui.navigate.history.replace(wanted.address)
        await self.panel.refresh()

    async def _hold(self, held: bool) -> None:
        self.held = held
        if not held and self.moved.visible:
            await self.panel.refresh()


def _figure(href: str, label: str, number: int, sign: str, tone: str, *, current: bool) -> None:
    with ui.element("a").props(f'href="{href}"').classes(f"eg-figure eg-{tone}") as link:
        if current:
            link.props('aria-current="true"')
        text("span", f"{sign} {label}".strip()).classes("eg-figure-label")
        text("span", count(number)).classes("eg-figure-number")


def _nobody(morning: Morning) -> None:
    states.empty(
        "No device has sent anything yet",
        "Point devices at the broker that this server listens to, or try: edgeguard fleet simulate --devices 20",
    )
    if morning.set_aside:
        with ui.element("p").classes("eg-muted"):
            text("a", f"{count(morning.set_aside)} messages were set aside").props('href="/settings?tab=quarantine"')
