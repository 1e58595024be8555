"""The registry of wearers: who belongs to which groups, and who wears which device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.actions import wearers as actions
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.table import Cell, Column, Table, TableRow, moment, words
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.pages.wearer_attributes import AttributeFields
from edgeguard.fleet.pages.wearer_filters import ROWS, WearerFilters, filters_from
from edgeguard.fleet.pages.wearer_import import import_dialog
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import wearers as store
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.wearers import AttributeRow, WearerRow

PRIVATE: Final = "Groups stay in this server's database: no device is ever told or asked."
_COLUMNS: Final = (
    Column("pseudonym", "Pseudonym", phone="title"),
    Column("groups", "Groups", sortable=False),
    Column("wears", "Wears now", sortable=False),
    Column("since", "Since", sortable=False),
    Column("wearings", "Times worn", sortable=False, numeric=True),
)
_MOST_SHOWN: Final = 3  # devices in a cell


@dataclass(frozen=True)
class Answer:
    """What the page shows."""

    listing: Listing[WearerRow]
    attributes: list[AttributeRow]
    now_ms: int


def add(parts: Parts) -> None:
    """The page at /wearers."""

    @page(parts, "/wearers", "Wearers")
    async def _(visit: Visit) -> None:
        await WearersPage(visit).show()


class WearersPage:
    """One open registry."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.filters: WearerFilters = filters_from(visit.query)

    async def show(self) -> None:
        """Draw it; it is asked anew where somebody looks for something else."""
        ui.label(PRIVATE).classes("eg-muted")
        with ui.element("div").classes("eg-card"):
            with ui.element("div").classes("eg-row eg-controls"):
                self._build_filters()
                with ui.element("div").classes("eg-row eg-end-row"):
                    self._build_changes()
            self._panel: Panel[Answer] = Panel(self.visit, self._ask, self._show)
            self._table = Table(_COLUMNS, "Wearers", on_sort=self._sort, on_turn=self._turn)
            self._table.visible = False
            await self._panel.show()

    def _ask(self, connection: Any) -> Answer:
        listing = store.wearers(connection, **self.filters.question())
        return Answer(listing, store.attributes(connection), self.visit.parts.now_ms())

    def _show(self, answer: Answer) -> None:
        view, found = self.filters, answer.listing
        groups = {"": "Every group"} | {
            f"{row.attribute}={value}": f"{row.attribute}: {value} ({count:,})"
            for row in answer.attributes
            for value, count in row.values.items()
        }
        self._group.set_options(groups, value=view.group if view.group in groups else "")
        rows = [_table_row(row, answer.now_ms) for row in found.rows]
        self._table.fill(
            rows,
            total=found.total,
            offset=view.offset,
            limit=ROWS,
            sort="pseudonym",
            descending=view.descending,
        )
        self._table.visible = bool(rows)
        if rows:
            return
        if view.narrowed:
            states.empty("No wearer fits", "Take a filter away to see more.")
        else:
            states.empty("No wearer is known yet", "Add one, or import a CSV: edgeguard fleet simulate can write one.")

    # ------------------------------------------------------------------------------------------- other views

    def _build_filters(self) -> None:
        view = self.filters
        search = ui.input("Pseudonym", value=view.search, on_change=lambda e: self._go(search=e.value or "", offset=0))
        search.props("outlined dense clearable debounce=300 type=search")
        self._group = ui.select({"": "Every group"}, value="", label="Group", on_change=self._choose_group)
        self._group.props("outlined dense options-dense").classes("eg-select")
        device = ui.input(
            "Device (whole name)", value=view.device, on_change=lambda e: self._go(device=e.value or "", offset=0)
        )
        device.props("outlined dense clearable debounce=300 type=search")

    async def _choose_group(self, event: Any) -> None:
        if event.value != self.filters.group:
            await self._go(group=event.value or "", offset=0)

    async def _sort(self, _name: str, descending: bool) -> None:
        await self._go(descending=descending, offset=0)

    async def _turn(self, offset: int) -> None:
        await self._go(offset=offset)

    async def _go(self, **changes: Any) -> None:
        self.filters = replace(self.filters, **changes)
        ui.navigate.history.replace(self.filters.url())
        await self._panel.refresh()

    # ------------------------------------------------------------------------------------------- changes

    def _build_changes(self) -> None:
        if not self.visit.may("manage"):
            ui.label("Changing wearers takes the role admin.").classes("eg-muted").mark("read-only")
            return
        ui.button("Add", icon="person_add", on_click=self._create).props("no-caps unelevated dense")
        ui.button("Import CSV", icon="upload", on_click=self._import).props("no-caps outline dense")
        ui.button("Export CSV", icon="download", on_click=self._export).props("no-caps outline dense")

    async def _create(self) -> None:
        with ui.dialog(value=True) as dialog, ui.element("div").classes("eg-card eg-dialog"):
            ui.label("A new wearer").classes("eg-big")
            name = ui.input("Pseudonym").props(
                "outlined dense autofocus hint='never a name: nobody needs to know who it is'"
            )
            fields = AttributeFields({})
            with ui.element("div").classes("eg-row"):
                ui.button("Add", on_click=lambda: self._save(dialog, name.value or "", fields.values)).props(
                    "no-caps unelevated"
                )
                ui.button("Cancel", on_click=dialog.close).props("no-caps flat")

    async def _save(self, dialog: ui.dialog, name: str, values: dict[str, str]) -> None:
        parts = self.visit.parts

        def create(actor: Actor) -> WearerRow:
            return actions.create_wearer(parts.database, actor, name, values, parts.now_ms())

        if (await self.visit.act(create, f"Added {name}")).done:
            dialog.close()
            await self._panel.refresh()

    async def _import(self) -> None:
        import_dialog(self.visit, self._panel.refresh)

    async def _export(self) -> None:
        parts = self.visit.parts
        done = await self.visit.act(lambda actor: actions.export_wearers(parts.database, actor, parts.now_ms()))
        if done.result is not None:
            ui.download.content(done.result, "wearers.csv", "text/csv")


def _table_row(row: WearerRow, now_ms: int) -> TableRow:
    now = [
        worn for worn in row.wearings if worn.from_ms <= now_ms and (worn.until_ms is None or worn.until_ms > now_ms)
    ]
    names = [f"{worn.fleet}/{worn.device}" + (f" {worn.source}" if worn.source else "") for worn in now]
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    cells: dict[str, Cell] = {
        "pseudonym": words(row.pseudonym, href=f"/wearers/{row.id}"),
        "groups": " · ".join(f"{name} {value}" for name, value in row.attributes.items()) or "",
        "wears": ", ".join(names[:_MOST_SHOWN]) + more or "",
        "since": moment(min((worn.from_ms for worn in now), default=None), ""),
        "wearings": f"{len(row.wearings):,}",
    }
    return TableRow(row.id, cells, href=f"/wearers/{row.id}")
