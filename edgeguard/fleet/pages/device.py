"""The page of one device: what is the matter with it, what it did over time, and what can be asked of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from nicegui import ui

from edgeguard.errors import NotFound
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.alarm_rows import COLUMNS, table_row
from edgeguard.fleet.pages.device_commands import CommandCard
from edgeguard.fleet.pages.device_facts import BOOT_COLUMNS, boot_row, facts, notices
from edgeguard.fleet.pages.device_timeline import TimelineCard
from edgeguard.fleet.pages.following import follow
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.table import Table, TableRow, words
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.pages.wording import attention_badges, count, status_badge
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import alarms, devices, wearers
from edgeguard.fleet.store.changes import Changes
from edgeguard.fleet.store.listing import Listing

_AT_MOST_EVERY_S: Final = 2.0
_AT_LEAST_EVERY_S: Final = 15.0
_ALARMS: Final = 10
_ALARM_COLUMNS: Final = tuple(
    replace(column, sortable=False, phone="title" if column.name == "kind" else "line")
    for column in COLUMNS
    if column.name not in {"device", "assignee"}
)


@dataclass(frozen=True)
class DeviceNow:
    """What the page shows besides its timeline."""

    row: devices.DeviceRow
    worn_by: list[wearers.WearerRow]
    alarms: Listing[alarms.AlarmRow]
    boots: list[devices.BootRow]


def add(parts: Parts) -> None:
    """The page at ``/devices/{fleet}/{device}``."""

    @page(parts, "/devices/{fleet}/{device}", "Device")
    async def device(visit: Visit) -> None:
        await DevicePage(visit, visit.path["fleet"], visit.path["device"]).build()


class DevicePage:
    """One open device page."""

    def __init__(self, visit: Visit, fleet: str, device: str) -> None:
        self.visit = visit
        self.fleet = fleet
        self.device = device
        self.panel = Panel(visit, self._now, self._draw)
        self.timeline: TimelineCard | None = None

    async def build(self) -> None:
        """Draw it, and keep it up to date."""
        self.visit.call(self.device)
        await self.panel.show()
        follow(self.visit, self._follow)
        ui.timer(_AT_LEAST_EVERY_S, self._refresh, immediate=False)

    def _now(self, connection: Any) -> DeviceNow | None:
        try:
            row = devices.device(connection, self.fleet, self.device)
        except NotFound:
            return None
        worn_by = wearers.wearers(connection, fleet=self.fleet, device=self.device, limit=20).rows
        newest = alarms.alarms(connection, device_id=row.id, limit=_ALARMS)
        return DeviceNow(row, worn_by, newest, devices.boots(connection, row.id, limit=10))

    async def _follow(self, changes: Changes) -> None:
        touched = {(one.fleet, one.device) for one in changes.devices}
        touched |= {(one.fleet, one.device) for one in changes.alarms}
        if not changes.complete or (self.fleet, self.device) in touched:
            await self._refresh()
            await asyncio.sleep(_AT_MOST_EVERY_S)

    async def _refresh(self) -> None:
        await self.panel.refresh()
        if self.timeline is not None:
            await self.timeline.follow()

    def _draw(self, now: DeviceNow | None) -> Any:
        if now is None:
            states.empty(
                f"There is no device {self.device} in the fleet {self.fleet}",
                "It may have been forgotten, or never have sent anything.",
            )
            text("a", "All devices").props('href="/"')
            return None
        self.head = ui.element("div").classes("eg-panel-content")
        self.timeline = TimelineCard(self.visit, now.row)
        with ui.element("section").classes("eg-card"):
            self._alarm_card()
        with ui.element("div").classes("eg-columns"):
            self.commands = CommandCard(self.visit, now.row)
            with ui.element("section").classes("eg-card"):
                text("h2", "Starts of the device")
                self.boots = Table(BOOT_COLUMNS, "Starts of the device")
        ui.timer(0, self._fill, once=True)
        self._update(now)
        return self._update

    async def _fill(self) -> None:
        if self.timeline is not None:
            await self.timeline.show()
        await self.commands.show()

    def _update(self, now: DeviceNow | None) -> None:
        if now is None:  # forgotten while somebody looks
            self.visit.client.open("/")
            return
        self.head.clear()
        with self.head:
            self._head(now)
        self._alarms(now)
        self.boots.fill([boot_row(boot) for boot in now.boots])

    def _head(self, now: DeviceNow) -> None:
        with ui.element("div").classes("eg-row"):
            for one in [*attention_badges(now.row), status_badge(now.row.status)]:
                text("span", f"{one['sign']} {one['text']}").classes(f"eg-badge eg-{one['tone']}").tooltip(one["title"])
        notices(now.row)
        with ui.element("section").classes("eg-card"):
            facts(now.row, now.worn_by)

    def _alarm_card(self) -> None:
        text("h2", "Alarms")
        self.no_alarm = ui.element("div")
        with self.no_alarm:
            states.empty("No alarm", "The exits of this device's model have agreed as they do on clean signals.")
        self.alarms = Table(_ALARM_COLUMNS, "Alarms")
        query = urlencode({"status": "all", "search": f"{self.fleet}/{self.device}"})
        self.more_alarms = text("a", "").props(f'href="/alarms?{query}"')

    def _alarms(self, now: DeviceNow) -> None:
        found = now.alarms
        self.no_alarm.visible, self.alarms.visible = not found.total, found.total > 0
        self.alarms.fill([_linked(table_row(row, self.visit.parts.now_ms())) for row in found.rows])
        self.more_alarms.text = f"All {count(found.total)} alarms of this device"
        self.more_alarms.visible = found.total > len(found.rows)


def _linked(row: TableRow) -> TableRow:
    """The first cell leads to the alarm: here the device, which does so in the queue, goes without saying."""
    row.cells["kind"] = words(str(row.cells["kind"]), href=row.href)
    return row
