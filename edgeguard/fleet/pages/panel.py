"""A part of a page that shows what the database holds: loading, failed, and drawn anew when it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from nicegui import background_tasks, ui

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.api.gate import LoginNeeded
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.visit import Visit

T = TypeVar("T")
_LOG: Final = logging.getLogger(__name__)
_PATIENCE_S: Final = 1.0  # the page is sent without what takes longer, which follows


class Panel(Generic[T]):
    """Draws the answer to a question, and the states before it and without it.

    Args:
        visit: Whose page it is on.
        question: Asked with a Connection, in a thread.
        draw: Draws the answer. What it returns, if anything, is called with later answers instead of drawing anew.
    """

    def __init__(
        self, visit: Visit, question: Callable[[Any], T], draw: Callable[[T], Callable[[T], None] | None]
    ) -> None:
        self.visit = visit
        self.question = question
        self._draw = draw
        self._update: Callable[[T], None] | None = None
        with ui.element("div").classes("eg-panel") as self.box:
            self.stale = ui.element("div").classes("eg-stale").props("role=status")
            self.stale.visible = False
            self.content = ui.element("div").classes("eg-panel-content")
        self._asked = 0
        self._drawn = False

    async def show(self) -> None:
        """Ask for the first time; returns when it is drawn, or after a second with the loading state."""
        with self.content:
            states.loading()
        task = background_tasks.create(self.refresh(), name="a panel's first answer")
        await asyncio.wait([task], timeout=_PATIENCE_S)

    async def refresh(self) -> None:
        """Ask again; what is shown stays until the answer is there, and is marked as old where there is none."""
        self._asked += 1
        asked = self._asked
        try:
            answer = await self.visit.read(self.question)
        except LoginNeeded:
            self.visit.to_login()
        except EdgeGuardError as error:
            if asked == self._asked:
                self._fail(str(error))
        except Exception:  # noqa: BLE001 - else it would say Loading for ever
            _LOG.exception("a panel's question failed")
            self._fail("the server failed here: see its log")
        else:
            if asked == self._asked:  # an older question's answer may come after a newer one's
                self._show(answer)

    async def redraw(self) -> None:
        """Ask again, and draw from nothing."""
        self._update = None
        await self.refresh()

    def _show(self, answer: T) -> None:
        self.stale.visible = False
        if self._update is not None:
            self._update(answer)
            return
        self.content.clear()
        with self.content:
            self._update = self._draw(answer)
        self._drawn = True

    def _fail(self, line: str) -> None:
        if self._drawn:
            self.stale.clear()
            with self.stale:
                ui.icon("cloud_off").props("aria-hidden=true")
                ui.label(f"Not up to date: {line}")
            self.stale.visible = True
            return
        self.content.clear()
        with self.content:
            states.failed(line, self.refresh)
