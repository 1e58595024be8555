"""The alarm queue: what is open first, narrowed, sorted and worked off; what comes in meanwhile moves nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.actions import alarms as actions
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.alarm_filters import ROWS, AlarmFilters, filters_from
from edgeguard.fleet.pages.alarm_keys import AlarmKeys
from edgeguard.fleet.pages.alarm_narrowing import Narrowing
from edgeguard.fleet.pages.alarm_rows import COLUMNS, cells
from edgeguard.fleet.pages.paged_table import PagedTable
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import alarm_queue, alarms
from edgeguard.fleet.store.alarm_queue import QueueState
from edgeguard.fleet.store.alarms import AlarmRow
from edgeguard.fleet.store.listing import Listing

_LOOK_EVERY_S: Final = 2.0


@dataclass(frozen=True)
class Answer:
    """One view of the queue."""

    listing: Listing[AlarmRow]
    state: QueueState
    now_ms: int


def add(parts: Parts) -> None:
    """The page at /alarms."""

    @page(parts, "/alarms", "Alarms")
    async def _(visit: Visit) -> None:
        await Queue(visit).show()


class Queue:
    """One open queue."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.filters = filters_from(visit.query)
        self._newest_id = 0  # of the alarms that were there when the rows were last asked for
        self._table: PagedTable | None = None

    async def show(self) -> None:
        """Build the page, then keep it up to date."""
        self._narrowing = Narrowing(self.visit, self.filters, self._narrow)
        await self._narrowing.show()
        with ui.element("div").classes("eg-row eg-queue-bar"):
            self._build_actions()
            self._news = ui.button(icon="arrow_upward", on_click=self._again).props("no-caps unelevated dense")
            self._news.mark("news").visible = False
        with ui.element("div").classes("eg-card"):
            self._panel: Panel[Answer] = Panel(self.visit, self._ask, self._draw)
            await self._panel.show()
        ui.timer(_LOOK_EVERY_S, self._look, immediate=False)
        AlarmKeys(self._rows, self._mark, self._acknowledge_one)

    def _ask(self, connection: Any) -> Answer:
        now_ms = self.visit.parts.now_ms()
        question = self.filters.question(self.visit.actor.user_id, now_ms)
        return Answer(alarms.alarms(connection, **question), alarm_queue.state(connection), now_ms)

    def _draw(self, answer: Answer) -> Callable[[Answer], None] | None:
        self._narrowing.count(answer.state)
        self._newest_id = answer.state.newest_id
        self._news.visible = False
        if not answer.listing.rows:
            self._table = None
            _nothing(self.filters)
            return None
        self._table = PagedTable(COLUMNS, ROWS, self._view, selectable=self.visit.may("label"), on_select=self._ticked)
        self._fill(answer)
        return self._update

    def _update(self, answer: Answer) -> None:
        if not answer.listing.rows:
            self._panel.content.clear()
            with self._panel.content:
                self._draw(answer)
            return
        self._narrowing.count(answer.state)
        self._newest_id = answer.state.newest_id
        self._news.visible = False
        self._fill(answer)

    def _fill(self, answer: Answer) -> None:
        assert self._table is not None
        rows = [cells(row, answer.now_ms) for row in answer.listing.rows]
        view = self.filters
        self._table.show(rows, answer.listing.total, view.sort, view.page, descending=view.descending)

    async def _narrow(self, **changes: Any) -> None:
        await self._go(replace(self.filters, **{"page": 1, **changes}))

    async def _view(self, sort: str, descending: bool, page_number: int) -> None:
        await self._go(replace(self.filters, sort=sort or "began", descending=descending, page=page_number))

    async def _go(self, filters: AlarmFilters) -> None:
        self.filters = filters
        ui.navigate.history.replace(filters.url())
        await self._again()

    async def _again(self) -> None:
        if self._table is None:
            await self._panel.redraw()
        else:
            await self._panel.refresh()
        self._ticked()
