"""What stands where there is nothing to see: none yet, not yet, or not to be had."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui


def empty(text: str, what_to_do: str = "") -> None:
    """There is nothing of the kind; `what_to_do` says how there would be."""
    with ui.element("section").classes("eg-state").mark("empty"):
        ui.icon("inbox").props("aria-hidden=true")
        ui.label(text).classes("eg-state-title")
        if what_to_do:
            ui.label(what_to_do)


def loading(text: str = "Loading …") -> None:
    """It is on its way."""
    with ui.element("section").classes("eg-state").props("role=status").mark("loading"):
        ui.spinner(size="2rem")
        ui.label(text)


def failed(error_line: str, retry: Callable[[], Awaitable[None]] | None = None) -> None:
    """It cannot be had; `error_line` says why and what to do."""
    with ui.element("section").classes("eg-state eg-state-failed").props("role=alert").mark("failed"):
        ui.icon("cloud_off").props("aria-hidden=true")
        ui.label("This cannot be shown now").classes("eg-state-title")
        ui.label(error_line)
        if retry is not None:
            ui.button("Try again", icon="refresh", on_click=retry).props("outline no-caps")
