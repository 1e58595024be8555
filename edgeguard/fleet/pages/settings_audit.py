"""Who did what."""

from __future__ import annotations

import json
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.table import Column, Table, TableRow, moment
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store import audit
from edgeguard.fleet.store.audit import Entry
from edgeguard.fleet.store.listing import Listing

_ROWS: Final = 50
_COLUMNS: Final = (
    Column("at", "When", sortable=False),
    Column("name", "Who", sortable=False),
    Column("action", "Did", sortable=False, phone="title"),
    Column("subject", "To what", sortable=False),
    Column("details", "Details", sortable=False),
)


async def build(visit: Visit) -> None:
    """The tab."""
    await Audit(visit).show()


class Audit:
    """The open tab."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self._wanted: dict[str, Any] = {"name": "", "action": "", "offset": 0}

    async def show(self) -> None:
        """Draw it."""
        with ui.element("section").classes("eg-card"):
            text("h2", "Who did what, newest first")
            with ui.element("div").classes("eg-row eg-controls"):
                for name, label in (("name", "Who (the whole name)"), ("action", "Actions that begin with")):
                    field = ui.input(label, on_change=lambda event, name=name: self._go(**{name: event.value or ""}))
                    field.props("outlined dense clearable debounce=300 type=search")
            self._panel: Panel[Listing[Entry]] = Panel(self.visit, self._ask, self._show)
            self._table = Table(_COLUMNS, "Audit log", on_turn=self._turn)
            self._table.visible = False
            await self._panel.show()

    def _ask(self, connection: Any) -> Listing[Entry]:
        return audit.entries(connection, limit=_ROWS, **self._wanted)

    def _show(self, found: Listing[Entry]) -> None:
        rows = [_row(entry) for entry in found.rows]
        self._table.fill(rows, total=found.total, offset=found.offset, limit=_ROWS)
        self._table.visible = bool(rows)
        if not rows:
            states.empty("Nobody has done such a thing", "Take a filter away to see more.")

    async def _go(self, **changes: Any) -> None:
        self._wanted = {**self._wanted, "offset": 0, **changes}
        await self._panel.refresh()

    async def _turn(self, offset: int) -> None:
        await self._go(offset=offset)


def _row(entry: Entry) -> TableRow:
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else "—"
    cells = {
        "at": moment(entry.at_ms),
        "name": entry.name,
        "action": entry.action,
        "subject": entry.subject,
        "details": details,
    }
    return TableRow(entry.id, cells)
