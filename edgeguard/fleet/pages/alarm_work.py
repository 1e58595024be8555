"""What people do with one alarm: acknowledge, close, assign, label, comment; who may only look sees what was done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.actions import alarms as actions
from edgeguard.fleet.actions import labels
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.pages.alarm_rows import status_badge
from edgeguard.fleet.pages.moment import Moment
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store.accounts import User
from edgeguard.fleet.store.alarms import Alarm, Comment
from edgeguard.fleet.store.database import Database

READ_ONLY: Final = "You can look at this alarm. Working on it takes the role clinician or admin."
_NOBODY: Final = 0
_STEPS: Final = {
    "open": ("acknowledge", "close"),
    "acknowledged": ("close", "reopen"),
    "closed": ("reopen",),
}
_BUTTONS: Final = {
    "acknowledge": ("Acknowledge", "done", actions.acknowledge, "Acknowledged"),
    "close": ("Close", "done_all", actions.close, "Closed"),
    "reopen": ("Reopen", "undo", actions.reopen, "Reopened"),
}


class AlarmWork:
    """The column beside an alarm. `refresh` is called after each change.

    Its controls are made once: a refresh changes none that a person may be filling in.
    """

    def __init__(self, visit: Visit, alarm_id: int, refresh: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._id = alarm_id
        self._refresh = refresh
        self._choices: list[str] = []
        self._status = "open"
        self._assignee: int | None = None
        with ui.element("div").classes("eg-panel-content eg-work"):
            with ui.element("section").classes("eg-card"):
                text("h2", "Status")
                self._state = ui.element("div").classes("eg-row")
                if not visit.may("label"):
                    ui.label(READ_ONLY).classes("eg-muted").mark("read-only")
                self._build_steps()
            with ui.element("section").classes("eg-card").props("id=label"):
                text("h2", "What was it really?")
                self._label = ui.element("div")
                self._build_label()
            with ui.element("section").classes("eg-card"):
                text("h2", "Comments")
                self._comments = ui.element("div").classes("eg-comments")
                self._build_comment()
        if visit.may("label"):
            ui.keyboard(self._key, ignore=["input", "select", "textarea"])

    def show(self, alarm: Alarm, people: Sequence[User]) -> None:
        """Show how things stand."""
        row = alarm.row
        self._status = row.status
        self._state.clear()
        with self._state:
            said = status_badge(row.status)
            text("span", f"{said['sign']} {said['text']}").classes(f"eg-badge eg-{said['tone']}").mark("status")
            ui.label(f"Assigned to {row.assignee}" if row.assignee else "Assigned to nobody").classes("eg-muted")
        self._label.clear()
        with self._label:
            _verdict(alarm)
        self._comments.clear()
        with self._comments:
            for comment in alarm.comments:
                _comment(comment)
            if not alarm.comments:
                ui.label("Nobody has written anything yet.").classes("eg-muted")
        if self._visit.may("label"):
            self._show_controls(alarm, people)

    def _show_controls(self, alarm: Alarm, people: Sequence[User]) -> None:
        row = alarm.row
        for name, button in self._steps.items():
            button.visible = name in _STEPS.get(row.status, ())
        self._assignee = row.assignee_id
        options = {_NOBODY: "Nobody"} | {person.id: person.name for person in people}
        self._person.set_options(options, value=row.assignee_id if row.assignee_id in options else _NOBODY)
        if not self._choices:
            likeliest = sorted(alarm.probabilities, key=lambda name: -alarm.probabilities[name])
            self._choices = [row.predicted, *(name for name in likeliest if name != row.predicted)]
            names = {name: name + (" (as predicted)" if name == row.predicted else "") for name in self._choices}
            self._choice.set_options(names, value=row.label if row.label in names else None)

    # ------------------------------------------------------------------------------------------- controls

    def _build_steps(self) -> None:
        if not self._visit.may("label"):
            return
        with ui.element("div").classes("eg-row"):
            self._steps = {name: self._step(*button) for name, button in _BUTTONS.items()}
        self._person = ui.select({_NOBODY: "Nobody"}, value=_NOBODY, label="Assigned to", on_change=self._assign)
        self._person.props("outlined dense").classes("eg-wide")

    def _step(self, label: str, icon: str, act: Callable[..., Any], said: str) -> ui.button:
        button = ui.button(label, icon=icon, on_click=lambda: self._do(act, said)).props("no-caps outline dense")
        button.visible = False
        return button

    def _build_label(self) -> None:
        if not self._visit.may("label"):
            return
        self._choice = ui.select([], label="Class", with_input=True).props("outlined dense").classes("eg-wide")
        ui.button("Save the label", icon="label", on_click=self._save_label).props("no-caps unelevated dense")

    def _build_comment(self) -> None:
        if not self._visit.may("label"):
            return
        self._words = ui.textarea("Comment").props(f"outlined dense autogrow maxlength={actions.LONGEST_COMMENT}")
        self._words.classes("eg-wide")
        ui.button("Send", icon="send", on_click=self._send).props("no-caps outline dense")

    # ------------------------------------------------------------------------------------------- what they do

    async def _do(self, act: Callable[..., Any], said: str) -> None:
        parts = self._visit.parts
        await self._visit.act(lambda actor: act(parts.database, actor, [self._id], parts.now_ms()), said)
        await self._refresh()

    async def _assign(self, event: Any) -> None:
        chosen = event.value or None
        if chosen != self._assignee:  # else it is we who have shown whose it is

            def assign(database: Database, actor: Actor, ids: list[int], now_ms: int) -> None:
                actions.assign(database, actor, ids, chosen, now_ms)

            await self._do(assign, "Assigned" if chosen else "Assigned to nobody")

    async def _save_label(self) -> None:
        parts, chosen = self._visit.parts, self._choice.value
        if not chosen:
            ui.notify("Choose what it really was first", type="warning")
            return

        def save(actor: Actor) -> None:
            labels.label(parts.database, actor, self._id, chosen, parts.now_ms())

        await self._visit.act(save, f"Labelled {chosen}")
        await self._refresh()

    async def _send(self) -> None:
        parts, words = self._visit.parts, self._words.value or ""

        def write(actor: Actor) -> int:
            return actions.comment(parts.database, actor, self._id, words, parts.now_ms())

        if (await self._visit.act(write)).done:
            self._words.value = ""
            await self._refresh()

    async def _key(self, event: Any) -> None:
        """Acknowledge with a, go to the label with l."""
        held = event.modifiers
        if not event.action.keydown or held.ctrl or held.alt or held.meta:
            return
        if event.key.name == "a" and self._status == "open":
            await self._do(actions.acknowledge, "Acknowledged")
        elif event.key.name == "l":
            self._choice.run_method("focus")


def _verdict(alarm: Alarm) -> None:
    found = alarm.label
    if found is None:
        ui.label("Nobody has said yet.").classes("eg-muted")
        return
    right = found.label == alarm.row.predicted
    with ui.element("div").classes("eg-row").mark("label"):
        text("span", found.label).classes("eg-strong")
        ui.label("as predicted" if right else f"not {alarm.row.predicted}").classes("eg-muted")
    with ui.element("div").classes("eg-muted eg-small"):
        text("span", f"{found.user or 'a former user'}, ")
        Moment(found.labelled_ms)


def _comment(comment: Comment) -> None:
    with ui.element("div").classes("eg-comment"):
        with ui.element("div").classes("eg-muted eg-small"):
            text("span", f"{comment.user or 'a former user'}, ")
            Moment(comment.at_ms)
        text("div", comment.text).classes("eg-wrap eg-lines")
