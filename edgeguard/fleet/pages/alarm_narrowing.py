"""The controls that narrow the alarm queue down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.pages.alarm_filters import ALL, AlarmFilters
from edgeguard.fleet.pages.alarm_words import KINDS
from edgeguard.fleet.store.alarm_queue import QueueState
from edgeguard.fleet.store.models import ModelRow

_SINCE: Final = {"": "Any time", "1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}
_EVERY_MODEL: Final = 0


class Narrowing:
    """Status, search and the rest; calls `changed` with the fields of `AlarmFilters` that a person changed."""

    def __init__(
        self, filters: AlarmFilters, models: list[ModelRow], mine: bool, changed: Callable[..., Awaitable[None]]
    ) -> None:
        self._changed = changed
        with ui.element("div").classes("eg-row"):
            self._tabs = ui.toggle(_tabs(None), value=filters.status, on_change=self._told("status"))
            self._tabs.props('no-caps unelevated aria-label="Status"').classes("eg-tabs")
            self._tabs.props("toggle-color=primary color=none text-color=none toggle-text-color=none")
        with ui.element("div").classes("eg-row eg-controls"):
            search = ui.input("Device", value=filters.search, on_change=self._told("search"))
            search.props('outlined dense clearable debounce=300 type=search aria-label="Device"')
            self._select("Kind", {"": "Every kind"} | KINDS, filters.kind, "kind")
            named = {_EVERY_MODEL: "Every model"} | {row.id: model_name(row) for row in models}
            model = filters.model if filters.model in named else _EVERY_MODEL
            self._select("Model", named, model, "model", lambda value: value or None)
            self._select("Began", _SINCE, filters.since, "since")
            if mine:
                ui.checkbox("Assigned to me", value=filters.mine, on_change=self._told("mine")).props("dense")
            ui.checkbox("Without a label", value=filters.unlabelled, on_change=self._told("unlabelled")).props("dense")

    def count(self, state: QueueState) -> None:
        """Show how many alarms have each status."""
        self._tabs.set_options(_tabs(state), value=self._tabs.value)

    def _select(
        self,
        label: str,
        options: dict[Any, str],
        value: Any,
        field: str,
        kept: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        select = ui.select(options, label=label, value=value, on_change=self._told(field, kept))
        select.props("outlined dense options-dense").classes("eg-select")

    def _told(self, field: str, kept: Callable[[Any], Any] = lambda value: value) -> Callable[[Any], Awaitable[None]]:
        async def tell(event: Any) -> None:
            await self._changed(**{field: kept(event.value) if event.value is not None else ""})

        return tell


def model_name(row: ModelRow) -> str:
    """``name version``, or the beginning of its hash where no device has told it."""
    return f"{row.model} {row.version}".strip() or row.sha256[:12]


def _tabs(state: QueueState | None) -> dict[str, str]:
    names = ("open", "acknowledged", "closed")
    counts = {name: f"{name.capitalize()} {getattr(state, name):,}" if state else name.capitalize() for name in names}
    return counts | {ALL: "All"}
