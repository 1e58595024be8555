"""The alarm queue: what is open first, narrowed, sorted and worked off; what comes in meanwhile moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from nicegui import ui

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.actions import alarms as actions
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.alarm_filters import ROWS, AlarmFilters, filters_from
from edgeguard.fleet.pages.alarm_narrowing import Narrowing
from edgeguard.fleet.pages.alarm_rows import COLUMNS, table_row
from edgeguard.fleet.pages.following import follow
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.table import Table
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import alarm_queue, alarms, models
from edgeguard.fleet.store.alarm_queue import QueueState
from edgeguard.fleet.store.alarms import AlarmRow
from edgeguard.fleet.store.changes import Changes
from edgeguard.fleet.store.listing import Listing

BUTTON: Final = "no-caps outline dense"


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
        self._rows: dict[int, AlarmRow] = {}

    async def show(self) -> None:
        """Build the page, then keep it up to date."""
        known = await self.visit.read(models.models)
        mine = self.visit.actor.user_id is not None
        with ui.element("div").classes("eg-card"):
            self._narrowing = Narrowing(self.filters, known, mine, self._narrow)
        with ui.element("div").classes("eg-row eg-queue-bar"):
            self._build_bar()
        with ui.element("div").classes("eg-card"):
            panel: Panel[Answer] = Panel(self.visit, self._ask, self._show)
            self._refresh = panel.refresh
            self._table = self._build_table()
            await panel.show()
        follow(self.visit, self._changed)
        ui.keyboard(self._key, ignore=["input", "select", "textarea"])

    def _build_table(self) -> Table:
        table = Table(
            COLUMNS,
            "Alarms",
            on_sort=lambda name, descending: self._narrow(sort=name, descending=descending),
            on_turn=lambda offset: self._go(replace(self.filters, page=offset // ROWS + 1)),
            on_tick=self._ticked if self.visit.may("label") else None,
        )
        table.classes("eg-alarms").visible = False
        return table

    def _ask(self, connection: Any) -> Answer:
        now_ms = self.visit.parts.now_ms()
        question = self.filters.question(self.visit.actor.user_id, now_ms)
        return Answer(alarms.alarms(connection, **question), alarm_queue.state(connection), now_ms)

    def _show(self, answer: Answer) -> None:
        """In the panel stands only that there is nothing; the table below it is never drawn anew."""
        self._newest_id = answer.state.newest_id
        self._news.visible = False
        self._narrowing.count(answer.state)
        self._total = answer.listing.total
        self._rows = {row.id: row for row in answer.listing.rows}
        self._redraw()
        if not self._rows:
            _nothing(self.filters)

    def _redraw(self) -> None:
        view, now_ms = self.filters, self.visit.parts.now_ms()
        rows = [table_row(row, now_ms) for row in self._rows.values()]
        place = {"offset": (view.page - 1) * ROWS, "limit": ROWS}
        self._table.fill(rows, total=self._total, sort=view.sort, descending=view.descending, **place)
        self._table.visible = bool(rows)
        if self.visit.may("label"):
            self._ticked()

    # ------------------------------------------------------------------------------------------- other views

    async def _narrow(self, **changes: Any) -> None:
        await self._go(replace(self.filters, **{"page": 1, **changes}))

    async def _go(self, filters: AlarmFilters) -> None:
        self.filters = filters
        ui.navigate.history.replace(filters.url())
        await self._refresh()

    # ------------------------------------------------------------------------------------------- what comes in

    async def _changed(self, changes: Changes) -> None:
        """Rows keep their places; what is new waits behind a button, unless there is nothing that could move."""
        if not changes.alarms and changes.complete:
            return
        if not self._rows:
            await self._refresh()
            return
        for change in changes.alarms:
            if row := self._rows.get(change.id):
                self._rows[change.id] = replace(row, status=change.status, ended_ms=change.ended_ms)
        self._redraw()
        await self._count_news()

    async def _count_news(self) -> None:
        try:
            answer = await self.visit.read(self._ask)
        except EdgeGuardError:
            return  # the next look tells
        self._narrowing.count(answer.state)
        new = sum(row.id > self._newest_id for row in answer.listing.rows)
        self._news.text = f"{new} new {'alarm' if new == 1 else 'alarms'}: show"
        self._news.visible = new > 0

    # ------------------------------------------------------------------------------------------- several at once

    def _build_bar(self) -> None:
        self._news = ui.button(icon="arrow_upward", on_click=self._show_news).props("no-caps unelevated dense")
        self._news.mark("news").visible = False
        if not self.visit.may("label"):
            ui.label("You can look at alarms. Working on them takes the role clinician or admin.").classes("eg-muted")
            return
        self._ticks = ui.label().classes("eg-muted")
        self._buttons = [
            ui.button(text, icon=icon, on_click=lambda act=act, said=said: self._do(act, said)).props(BUTTON)
            for text, icon, act, said in (
                ("Acknowledge", "done", actions.acknowledge, "acknowledged"),
                ("Close", "done_all", actions.close, "closed"),
                ("Assign to me", "person", self._assign_to_me, "assigned to you"),
            )
        ]

    async def _show_news(self) -> None:
        await self._narrow(sort="began", descending=True)

    def _ticked(self) -> None:
        number = len(self._table.ticked)
        self._ticks.text = f"{number} chosen" if number else "Tick alarms to work on several at once."
        for button in self._buttons:
            button.set_enabled(number > 0)

    async def _do(self, act: Callable[..., Any], said: str) -> None:
        await self._do_with([int(number) for number in self._table.ticked], act, said)

    async def _do_with(self, ids: list[int], act: Callable[..., Any], said: str) -> None:
        parts = self.visit.parts
        told = f"{len(ids)} {'alarm' if len(ids) == 1 else 'alarms'} {said}"
        done = await self.visit.act(lambda actor: act(parts.database, actor, ids, parts.now_ms()), told)
        if done.done:
            self._table.untick()
            await self._refresh()

    @staticmethod
    def _assign_to_me(database: Any, actor: Any, ids: list[int], now_ms: int) -> None:
        actions.assign(database, actor, ids, actor.user_id, now_ms)

    # ------------------------------------------------------------------------------------------- the keyboard

    async def _key(self, event: Any) -> None:
        """Down with j, up with k; a acknowledges, Enter opens, l opens to label."""
        held, table = event.modifiers, self._table
        if not event.action.keydown or held.ctrl or held.alt or held.meta or not self._rows:
            return
        key, at = event.key.name, table.at
        if key in {"j", "k"}:
            table.go_to(_neighbor(table.ids, at, 1 if key == "j" else -1))
        elif at in self._rows and key in {"l", "Enter"}:
            self.visit.client.open(f"/alarms/{at}" + ("#label" if key == "l" else ""))
        elif at in self._rows and key == "a" and self.visit.may("label"):
            await self._do_with([int(at)], actions.acknowledge, "acknowledged")


def _neighbor(ids: list[int | str], at: int | str | None, step: int) -> int | str:
    """The id `step` rows further down; the first row where `at` is none of them."""
    return ids[min(max(ids.index(at) + step, 0), len(ids) - 1)] if at in ids else ids[0]


def _nothing(view: AlarmFilters) -> None:
    if view.narrowed or view.page > 1:
        states.empty("No alarm fits", "Take a filter away to see more.")
    elif view.status == "open":
        states.empty("No alarm is open", "New ones appear here by themselves.")
    else:
        states.empty("No alarm here yet", "New ones appear under Open by themselves.")
