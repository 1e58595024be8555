"""What can be asked of a device, and what it answered."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.actions.devices import Action, send_command
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.table import Column, Table, TableRow, badge, badges, moment, words
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store import commands
from edgeguard.fleet.store.devices import DeviceRow

_ACTIONS: Final[dict[Action, tuple[str, str, str]]] = {
    "ping": ("Ping", "network_ping", "It answers if it is there"),
    "self_test": ("Self-test", "fact_check", "It replays the bundle's golden inputs through its engine"),
    "reload_bundle": ("Reload bundle", "restart_alt", "It reads its bundle again: a new model begins to run"),
}
_NAMES: Final[dict[str, str]] = {
    "set_interval": "Set interval",
    **{action: name for action, (name, _, _) in _ACTIONS.items()},
}
_COLUMNS: Final = (
    Column("action", "Command", sortable=False, phone="title"),
    Column("sent", "Sent", sortable=False),
    Column("answer", "Answer", sortable=False),
)


class CommandCard:
    """Buttons for those who may, and the newest commands with their answers."""

    def __init__(self, visit: Visit, device: DeviceRow) -> None:
        self.visit = visit
        self.device = device
        with ui.element("section").classes("eg-card"):
            text("h2", "Commands")
            if visit.may("manage"):
                self._buttons()
            self.panel = Panel(visit, lambda connection: commands.commands(connection, device.id), self._draw)

    async def show(self) -> None:
        """Read what was sent, and go on reading."""
        await self.panel.show()
        ui.timer(3.0, self.panel.refresh, immediate=False)

    def _buttons(self) -> None:
        with ui.element("div").classes("eg-row"):
            for action, (name, icon, tip) in _ACTIONS.items():
                button = ui.button(name, icon=icon).props("outline no-caps dense padding=xs-sm").tooltip(tip)
                button.on_click(lambda action=action: self._send(action))
        with ui.element("div").classes("eg-row"):
            self.interval = ui.number("Seconds between summaries", value=60, min=1, max=86_400, precision=0)
            self.interval.props("outlined dense").classes("eg-grow")
            button = ui.button("Set interval", icon="timer").props("outline no-caps dense padding=xs-sm")
            button.on_click(lambda: self._send("set_interval", self.interval.value))

    async def _send(self, action: Action, interval_s: float | None = None) -> None:
        parts = self.visit.parts
        outcome = await self.visit.act(
            lambda actor: send_command(parts, actor, self.device, action, interval_s, parts.now_ms()),
            f"Sent to {self.device.device}: {_NAMES[action]}",
        )
        if outcome.done:
            await self.panel.refresh()

    def _draw(self, rows: list[commands.CommandRow]) -> Any:
        nothing = ui.element("div")
        with nothing:
            states.empty("Nothing was asked of it yet")
        table = Table(_COLUMNS, "Commands")

        def update(newest: list[commands.CommandRow]) -> None:
            nothing.visible, table.visible = not newest, bool(newest)
            table.fill([_row(row) for row in newest])

        update(rows)
        return update


def _row(row: commands.CommandRow) -> TableRow:
    name = _NAMES.get(row.action, row.action) + (f" {row.interval_s:g} s" if row.interval_s else "")
    return TableRow(
        row.id, {"action": words(name, below=row.user or ""), "sent": moment(row.sent_ms), "answer": _answer(row)}
    )


def _answer(row: commands.CommandRow) -> Any:
    if row.done is None:
        return badges(badge("waiting", "", "…", "The device has not answered yet"))
    if row.done:
        return badges(badge("done", "good", "✓"), at_ms=row.answered_ms)
    return {"badges": [badge("refused", "bad", "✗")], "below": row.reason}
