"""Messages that were set aside: how many for which reason, and for admins the messages themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.actions import quarantine as actions
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.table import Column, Table, TableRow, moment, words
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store import quarantine
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.quarantine import QuarantineRow, ReasonCount

_ROWS: Final = 25
_LETTERS: Final = 600  # of a payload
_REASONS: Final = (
    Column("reason", "Reason", sortable=False, phone="title"),
    Column("kind", "Kind", sortable=False),
    Column("messages", "Messages", sortable=False, numeric=True),
    Column("last", "Last one", sortable=False),
)
_MESSAGES: Final = (
    Column("topic", "Topic", sortable=False, phone="title"),
    Column("received", "Received", sortable=False),
    Column("reason", "Reason", sortable=False),
    Column("messages", "Messages", sortable=False, numeric=True),
    Column("size", "Bytes", sortable=False, numeric=True),
    Column("payload", "Payload", sortable=False, phone="plain"),
)


@dataclass(frozen=True)
class Answer:
    """What the tab shows; `listing` is None for who may not see messages."""

    reasons: list[ReasonCount]
    listing: Listing[QuarantineRow] | None


async def build(visit: Visit) -> None:
    """The tab."""
    await Quarantine(visit).show()


class Quarantine:
    """The open tab."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self._offset = 0

    async def show(self) -> None:
        """Draw it."""
        self._panel: Panel[Answer] = Panel(self.visit, self._ask, self._draw)
        await self._panel.show()

    def _ask(self, connection: Any) -> Answer:
        may = self.visit.may("manage")
        listing = quarantine.quarantine(connection, limit=_ROWS, offset=self._offset) if may else None
        return Answer(quarantine.reasons(connection), listing)

    def _draw(self, answer: Answer) -> None:
        if not answer.reasons:
            with ui.element("section").classes("eg-card"):
                states.empty(
                    "Nothing was set aside", "Messages that follow no schema, or come too fast, would be here."
                )
            return
        with ui.element("section").classes("eg-card"):
            text("h2", "Why messages were set aside")
            Table(_REASONS, "Reasons").fill([_reason(k, row) for k, row in enumerate(answer.reasons)])
        with ui.element("section").classes("eg-card"):
            if answer.listing is None:
                ui.label("Seeing the messages takes the role admin.").classes("eg-muted").mark("read-only")
                return
            with ui.element("div").classes("eg-row"):
                text("h2", "Messages")
                ui.label("What is not text is escaped; at most the first 4 KiB are kept.").classes("eg-muted")
                discard = ui.button("Discard all", icon="delete_sweep", on_click=self._ask_discard)
                discard.props("no-caps outline dense").classes("eg-end-row")
            table = Table(_MESSAGES, "Messages that were set aside", on_turn=self._turn)
            rows = [_message(row) for row in answer.listing.rows]
            table.fill(rows, total=answer.listing.total, offset=self._offset, limit=_ROWS)

    async def _turn(self, offset: int) -> None:
        self._offset = offset
        await self._panel.redraw()

    def _ask_discard(self) -> None:
        parts = self.visit.parts

        async def discard() -> None:
            dialog.close()
            await self.visit.act(
                lambda actor: actions.discard(parts.database, actor, None, parts.now_ms()), "Discarded"
            )
            self._offset = 0
            await self._panel.redraw()

        with ui.dialog(value=True) as dialog, ui.element("div").classes("eg-card eg-dialog"):
            ui.label("Discard all messages that were set aside?").classes("eg-big")
            with ui.element("div").classes("eg-row"):
                ui.button("Discard", on_click=discard).props("no-caps unelevated color=negative")
                ui.button("Cancel", on_click=dialog.close).props("no-caps flat")


def _reason(place: int, row: ReasonCount) -> TableRow:
    return TableRow(
        place,
        {"reason": row.reason, "kind": row.kind, "messages": f"{row.messages:,}", "last": moment(row.last_ms)},
    )


def _message(row: QuarantineRow) -> TableRow:
    shown = row.payload[:_LETTERS] + ("…" if len(row.payload) > _LETTERS else "")
    cells = {
        "topic": words(row.topic, below=row.kind),
        "received": moment(row.received_ms),
        "reason": row.reason,
        "messages": f"{row.messages:,}",
        "size": f"{row.size:,}",
        "payload": shown,
    }
    return TableRow(row.id, cells)
