"""One alarm: what happened, what the exits said, what the device did around it, and what people make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from edgeguard.errors import NotFound
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.pages import alarm_charts as charts
from edgeguard.fleet.pages import alarm_words as say
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.alarm_rows import device_url
from edgeguard.fleet.pages.alarm_work import AlarmWork
from edgeguard.fleet.pages.chart import Chart
from edgeguard.fleet.pages.following import follow
from edgeguard.fleet.pages.moment import Moment
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.pages.wording import bundle
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import accounts, alarms
from edgeguard.fleet.store.accounts import User
from edgeguard.fleet.store.alarms import Alarm
from edgeguard.fleet.store.changes import Changes
from edgeguard.fleet.store.timeline import Timeline, timeline

_BEFORE_MS: Final = 2 * HOUR_MS
_AFTER_MS: Final = HOUR_MS
_MOST_PEOPLE: Final = 500


@dataclass(frozen=True)
class Answer:
    """What the page shows."""

    alarm: Alarm
    people: list[User]
    around: Timeline
    now_ms: int


def add(parts: Parts) -> None:
    """The page at /alarms/{alarm_id}."""

    @page(parts, "/alarms/{alarm_id}", "Alarm")
    async def _(visit: Visit) -> None:
        number = visit.path["alarm_id"]
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            states.empty("There is no such alarm", "See the list of alarms.")
            return
        await AlarmPage(visit, int(number)).show()


class AlarmPage:
    """One open alarm."""

    def __init__(self, visit: Visit, alarm_id: int) -> None:
        self.visit = visit
        self.alarm_id = alarm_id
        self._work: AlarmWork | None = None

    async def show(self) -> None:
        """Draw it, and follow it."""
        text("a", "All alarms").props('href="/alarms"')
        self._panel: Panel[Answer | None] = Panel(self.visit, self._ask, self._draw)
        await self._panel.show()
        follow(self.visit, self._changed)

    def _ask(self, connection: Any) -> Answer | None:
        now_ms = self.visit.parts.now_ms()
        try:
            alarm = alarms.alarm(connection, self.alarm_id)
        except NotFound:
            return None
        row = alarm.row
        to_ms = min(now_ms, (row.ended_ms or now_ms) + _AFTER_MS)
        around = timeline(connection, row.device_id, row.began_ms - _BEFORE_MS, max(to_ms, row.began_ms + 1))
        people = accounts.listed(connection, limit=_MOST_PEOPLE).rows if self.visit.may("label") else []
        return Answer(alarm, [person for person in people if not person.disabled], around, now_ms)

    def _draw(self, answer: Answer | None) -> Any:
        if answer is None:
            states.empty("There is no such alarm", "It may have been of a device that was taken out.")
            return None
        with ui.element("div").classes("eg-alarm"):
            with ui.element("div").classes("eg-panel-content"):
                self._facts = ui.element("section").classes("eg-card")
                with ui.element("div").classes("eg-columns"):
                    _exits(answer.alarm)
                    _classes(answer.alarm)
                self._around = ui.element("section").classes("eg-card")
            self._work = AlarmWork(self.visit, self.alarm_id, self._panel.refresh)
        self.visit.call(f"Alarm of {answer.alarm.row.device}")
        self._fill(answer)
        return self._fill

    def _fill(self, answer: Answer | None) -> None:
        if answer is None:  # taken out while it was looked at; what is shown stays
            return
        self._facts.clear()
        with self._facts:
            _what_happened(answer.alarm, answer.now_ms)
        self._around.clear()
        with self._around:
            _device_around(answer)
        if self._work is not None:
            self._work.show(answer.alarm, answer.people)

    async def _changed(self, changes: Changes) -> None:
        if not changes.complete or any(change.id == self.alarm_id for change in changes.alarms):
            await self._panel.refresh()


def _what_happened(alarm: Alarm, now_ms: int) -> None:
    row = alarm.row
    with ui.element("div").classes("eg-row"):
        text("h2", say.TITLES.get(row.kind, row.kind)).classes("eg-big")
    text("p", say.happened(row, now_ms)).classes("eg-lead")
    text("p", say.MEANINGS.get(row.kind, "")).classes("eg-muted")
    with ui.element("dl").classes("eg-facts"):
        _fact("Device")
        with ui.element("dd"):
            text("a", f"{row.fleet}/{row.device}").props["href"] = device_url(row.fleet, row.device)
            text("span", f" · source {row.source}").classes("eg-muted")
        _fact("Model")
        text("dd", bundle(row.model, row.version))
        _fact("Began")
        with ui.element("dd"):
            Moment(row.began_ms)
        _fact("Ended")
        with ui.element("dd"):
            Moment(row.ended_ms, none="it goes on")
        _fact("Windows over the threshold")
        text("dd", f"{row.windows:,}")
        _fact("First window")
        text("dd", f"begins at sample {row.window_start:,} of the source, start {alarm.boot}, message {alarm.seq}")


def _exits(alarm: Alarm) -> None:
    row = alarm.row
    with ui.element("section").classes("eg-card"):
        text("h2", "What the exits said")
        text("p", say.spread(row.predicted, alarm.exit_probabilities))
        shares = ", ".join(f"{share:.0%}" for share in alarm.exit_probabilities)
        Chart(
            charts.exit_bars(alarm.exit_probabilities, row.confidence),
            f"Probability of {row.predicted} by exit: {shares}",
            height=charts.height(len(alarm.exit_probabilities)),
        )


def _classes(alarm: Alarm) -> None:
    row = alarm.row
    with ui.element("section").classes("eg-card"):
        text("h2", "What the ensemble made of it")
        text("p", say.ensemble(row.predicted, row.confidence, alarm.probabilities))
        shown = min(len(alarm.probabilities), charts.MOST_CLASSES)
        Chart(
            charts.class_bars(alarm.probabilities, row.predicted),
            "The ensemble's probability of each class",
            height=charts.height(shown),
        )


def _device_around(answer: Answer) -> None:
    text("h2", "The device around it")
    if not answer.around.figures.at_ms:
        text("p", "No summary of the device has come for this time; they may still be on their way.").classes(
            "eg-muted"
        )
        return
    to_ms = answer.around.to_ms
    Chart(charts.around(answer.around, answer.alarm.row, to_ms), "Disagreement of the device over time", height="15rem")


def _fact(label: str) -> None:
    text("dt", label)
