"""A wearers' CSV: first what it would change, or the lines that cannot be read; then, if wanted, the change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import ui

from edgeguard.csv_text import MAX_BYTES, FileRefused
from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.actions import wearers as actions
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store.wearer_import import Imported

_HELP: Final = (
    "One line for each wearing: pseudonym, fleet, device, source, from, until, and a column for each attribute. "
    "Nothing is deleted: wearers and groups that the file leaves out stay as they are."
)


def import_dialog(visit: Visit, refresh: Callable[[], Awaitable[None]]) -> None:
    """Open the dialog; `refresh` is called after an import."""
    _Import(visit, refresh).open()


class _Import:
    def __init__(self, visit: Visit, refresh: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._refresh = refresh
        self._content = b""

    def open(self) -> None:
        with ui.dialog(value=True) as self._dialog, ui.element("div").classes("eg-card eg-dialog"):
            ui.label("Import wearers").classes("eg-big")
            ui.label(_HELP).classes("eg-muted")
            upload = ui.upload(on_upload=self._take, auto_upload=True, max_file_size=MAX_BYTES, label="CSV file")
            upload.props('accept=".csv,text/csv" flat bordered').classes("eg-wide")
            upload.on_rejected(lambda: ui.notify(f"The file has more than {MAX_BYTES >> 20} MiB", type="negative"))
            self._devices = ui.checkbox("Take in devices that are not known yet", on_change=self._look)
            self._told = ui.element("div").classes("eg-panel-content").mark("preview")
            with ui.element("div").classes("eg-row"):
                self._button = ui.button("Import", icon="upload", on_click=self._import).props("no-caps unelevated")
                self._button.set_enabled(False)
                ui.button("Close", on_click=self._dialog.close).props("no-caps flat")

    async def _take(self, event: Any) -> None:
        self._content = await event.file.read()
        await self._look()

    async def _look(self) -> None:
        """What the file would change."""
        if not self._content:
            return
        self._button.set_enabled(False)
        done = await self._visit.act(lambda actor: self._tried(actor, dry_run=True))
        self._told.clear()
        with self._told:
            if isinstance(done.result, Imported):
                _would_change(done.result)
                self._button.set_enabled(done.result != Imported(0, 0, 0, 0, 0))
            elif done.result is not None:
                _refused(done.result)

    async def _import(self) -> None:
        done = await self._visit.act(lambda actor: self._tried(actor, dry_run=False))
        if isinstance(done.result, Imported):
            ui.notify(f"Imported: {_counted(done.result)}", type="positive")
            self._dialog.close()
            await self._refresh()
        elif done.result is not None:
            ui.notify(str(done.result), type="negative")

    def _tried(self, actor: Actor, *, dry_run: bool) -> Imported | EdgeGuardError:
        """A file that is refused is an answer here, not a mishap."""
        parts = self._visit.parts
        try:
            return actions.import_wearers(
                parts.database,
                actor,
                self._content,
                parts.now_ms(),
                dry_run=dry_run,
                register_devices=bool(self._devices.value),
            )
        except FileRefused as error:
            return error


def _would_change(found: Imported) -> None:
    if found == Imported(0, 0, 0, 0, 0):
        text("p", "The file says nothing new.")
        return
    text("p", f"It would change: {_counted(found)}.").classes("eg-strong")


def _counted(found: Imported) -> str:
    counts = {
        "new wearers": found.wearers,
        "new or other values of attributes": found.attributes,
        "new wearings": found.wearings,
        "wearings that end at another time": found.wearings_changed,
        "new devices": found.devices,
    }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _refused(error: EdgeGuardError) -> None:
    problems = error.problems if isinstance(error, FileRefused) else [str(error)]
    with ui.element("div").classes("eg-notice eg-bad").props("role=alert"), ui.element("div"):
        text("p", "Nothing can be imported until the file is corrected:").classes("eg-strong")
        with ui.element("ul"):
            for problem in problems:
                text("li", problem)
