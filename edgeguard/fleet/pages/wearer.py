"""One wearer: their groups, and which device they wore when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui import ui

from edgeguard.errors import ConfigError, NotFound
from edgeguard.fleet.actions import wearers as actions
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.iso_times import iso_from_unix_ms, unix_ms_from_iso
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.alarm_rows import device_url
from edgeguard.fleet.pages.moment import Moment
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.pages.wearer_attributes import AttributeFields
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import wearers
from edgeguard.fleet.store.wearers import WearerRow
from edgeguard.fleet.store.wearings import WearingRow
from edgeguard.fleet.wearer_file import Wearing

_SMALL: Final = "no-caps outline dense"


def add(parts: Parts) -> None:
    """The page at /wearers/{wearer_id}."""

    @page(parts, "/wearers/{wearer_id}", "Wearer")
    async def _(visit: Visit) -> None:
        number = visit.path["wearer_id"]
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            states.empty("There is no such wearer", "See the list of wearers.")
            return
        await WearerPage(visit, int(number)).show()


class WearerPage:
    """One open wearer."""

    def __init__(self, visit: Visit, wearer_id: int) -> None:
        self.visit = visit
        self.wearer_id = wearer_id

    async def show(self) -> None:
        """Draw it."""
        text("a", "All wearers").props('href="/wearers"')
        self._panel: Panel[WearerRow | None] = Panel(self.visit, self._ask, self._draw)
        await self._panel.show()

    def _ask(self, connection: Any) -> WearerRow | None:
        try:
            return wearers.wearer(connection, self.wearer_id)
        except NotFound:
            return None

    def _draw(self, row: WearerRow | None) -> None:
        if row is None:
            states.empty("There is no such wearer", "They may have been taken out.")
            return
        self.visit.call(row.pseudonym)
        with ui.element("div").classes("eg-columns"):
            with ui.element("section").classes("eg-card"):
                text("h2", "Groups")
                (self._edit if self.visit.may("manage") else _groups)(row)
            with ui.element("section").classes("eg-card"):
                text("h2", "Worn devices")
                for worn in row.wearings:
                    self._wearing(worn)
                if not row.wearings:
                    ui.label("None yet.").classes("eg-muted")
                if self.visit.may("manage"):
                    self._build_begin()

    # ------------------------------------------------------------------------------------------- groups

    def _edit(self, row: WearerRow) -> None:
        name = ui.input("Pseudonym", value=row.pseudonym).props("outlined dense maxlength=64")
        fields = AttributeFields(row.attributes)
        with ui.element("div").classes("eg-row"):
            save = ui.button("Save", icon="save", on_click=lambda: self._save(name.value or "", fields.values))
            save.props("no-caps unelevated dense")
            ui.button("Take out", icon="delete", on_click=lambda: self._ask_delete(row)).props(_SMALL)

    async def _save(self, pseudonym: str, values: dict[str, str]) -> None:
        parts = self.visit.parts

        def update(actor: Actor) -> WearerRow:
            return actions.update_wearer(parts.database, actor, self.wearer_id, pseudonym, values, parts.now_ms())

        await self._do(update, "Saved")

    def _ask_delete(self, row: WearerRow) -> None:
        parts = self.visit.parts

        async def delete() -> None:
            dialog.close()
            done = await self.visit.act(
                lambda actor: actions.delete_wearer(parts.database, actor, self.wearer_id, parts.now_ms())
            )
            if done.done:
                ui.navigate.to("/wearers")

        with ui.dialog(value=True) as dialog, ui.element("div").classes("eg-card eg-dialog"):
            ui.label(f"Take {row.pseudonym} out?").classes("eg-big")
            ui.label("Groups and worn devices are forgotten. What the devices sent stays, but of nobody.")
            with ui.element("div").classes("eg-row"):
                ui.button("Take out", on_click=delete).props("no-caps unelevated color=negative")
                ui.button("Cancel", on_click=dialog.close).props("no-caps flat")

    # ------------------------------------------------------------------------------------------- wearings

    def _wearing(self, worn: WearingRow) -> None:
        with ui.element("div").classes("eg-row eg-wearing"):
            with ui.element("div"):
                text("a", f"{worn.fleet}/{worn.device}").props["href"] = device_url(worn.fleet, worn.device)
                text("span", f" {worn.source or 'all sources'}").classes("eg-muted")
                with ui.element("div").classes("eg-small eg-muted"):
                    Moment(worn.from_ms)
                    text("span", " until ")
                    Moment(worn.until_ms, none="now")
            if self.visit.may("manage"):
                with ui.element("div").classes("eg-row eg-end-row"):
                    if worn.until_ms is None:
                        ui.button("End now", on_click=lambda: self._end(worn)).props(_SMALL)
                    forget = ui.button(icon="delete", on_click=lambda: self._forget(worn))
                    forget.props('flat dense round aria-label="Forget that it was worn"')

    def _build_begin(self) -> None:
        now = iso_from_unix_ms(self.visit.parts.now_ms())
        with ui.expansion("Wears another device", icon="add").classes("eg-wide"):
            fields = {
                name: ui.input(label, value=value).props("outlined dense").classes("eg-wide")
                for name, label, value in (
                    ("fleet", "Fleet", "default"),
                    ("device", "Device", ""),
                    ("source", "Source (empty: all)", ""),
                    ("from", "From (ISO time, UTC unless said)", now),
                    ("until", "Until (empty: still worn)", ""),
                )
            }

            async def begin() -> None:
                await self._begin({name: (field.value or "").strip() for name, field in fields.items()})

            ui.button("Save", icon="save", on_click=begin).props("no-caps unelevated dense")

    async def _begin(self, typed: dict[str, str]) -> None:
        parts = self.visit.parts

        def begin(actor: Actor) -> WearerRow:
            begins, until = _ms(typed["from"]), _ms(typed["until"]) if typed["until"] else None
            worn = Wearing("", typed["fleet"], typed["device"], typed["source"], begins, until)
            return actions.begin_wearing(parts.database, actor, self.wearer_id, worn, parts.now_ms())

        await self._do(begin, "Saved")

    async def _end(self, worn: WearingRow) -> None:
        parts = self.visit.parts
        now_ms = parts.now_ms()
        await self._do(lambda actor: actions.end_wearing(parts.database, actor, worn.id, now_ms, now_ms), "Ended")

    async def _forget(self, worn: WearingRow) -> None:
        parts = self.visit.parts
        await self._do(
            lambda actor: actions.delete_wearing(parts.database, actor, worn.id, parts.now_ms()), "Forgotten"
        )

    async def _do(self, act: Callable[[Actor], object], said: str) -> None:
        if (await self.visit.act(act, said)).done:
            await self._panel.redraw()


def _groups(row: WearerRow) -> None:
    ui.label("Changing wearers takes the role admin.").classes("eg-muted").mark("read-only")
    with ui.element("dl").classes("eg-facts"):
        for name, value in row.attributes.items():
            text("dt", name)
            text("dd", value)


def _ms(typed: str) -> int:
    try:
        return unix_ms_from_iso(typed)
    except ValueError as error:
        raise ConfigError(f"{typed[:40]!r} is no time: write it as 2026-03-01T08:00Z") from error
