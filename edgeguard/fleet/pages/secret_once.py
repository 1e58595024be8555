"""A secret that is shown this once."""

from __future__ import annotations

from nicegui import ui

from edgeguard.fleet.pages.text import text


def show_once(title: str, secret: str, what_to_do: str) -> None:
    """A dialog with `secret`, which closes by its button alone."""

    async def copy() -> None:
        ui.clipboard.write(secret)
        ui.notify("Copied", type="positive")

    with ui.dialog(value=True).props("persistent") as dialog, ui.element("div").classes("eg-card eg-dialog"):
        ui.label(title).classes("eg-big")
        ui.label(what_to_do)
        text("div", secret).classes("eg-payload eg-secret").mark("secret")
        with ui.element("div").classes("eg-row"):
            ui.button("Copy", icon="content_copy", on_click=copy).props("no-caps outline")
            ui.button("I have kept it", on_click=dialog.delete).props("no-caps unelevated")
