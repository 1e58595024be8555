"""Fairness bands: the gaps that are tolerated; and what else the config file says of fairness."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from edgeguard.fleet.actions import settings as actions
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.pages.fairness_words import MEANINGS, TITLES
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit


async def build(visit: Visit) -> None:
    """The tab."""
    await BandsTab(visit).show()


class BandsTab:
    """The open tab."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit

    async def show(self) -> None:
        """Draw it."""
        rules = self.visit.parts.config.fairness
        with ui.element("section").classes("eg-card"):
            text("h2", "Gaps that are tolerated between two groups")
            ui.label(
                f"An alert begins where the whole {rules.confidence:.0%} interval of a gap lies over its band, in the "
                f"last {rules.days} days."
            ).classes("eg-muted")
            self._panel: Panel[dict[str, float]] = Panel(self.visit, self._ask, self._draw)
            await self._panel.show()
        with ui.element("section").classes("eg-card"):
            text("h2", "From the config file")
            with ui.element("dl").classes("eg-facts"):
                for name, value in (
                    ("min_wearers", f"{rules.min_wearers}: nothing is shown of a group of fewer"),
                    ("days", f"{rules.days}: what alerts look back on"),
                    ("confidence", f"{rules.confidence:g}: of the intervals"),
                ):
                    text("dt", name)
                    text("dd", value)

    def _ask(self, connection: Any) -> dict[str, float]:
        return actions.bands(connection, self.visit.parts.config.fairness)

    def _draw(self, bands: dict[str, float]) -> None:
        may = self.visit.may("manage")
        fields: dict[str, ui.number] = {}
        for figure, band in bands.items():
            with ui.element("div").classes("eg-row eg-item"):
                with ui.element("div").classes("eg-grow"):
                    text("div", TITLES.get(figure, figure)).classes("eg-strong")
                    text("div", MEANINGS.get(figure, "")).classes("eg-small eg-muted")
                field = ui.number(figure, value=round(100 * band, 3), min=0.1, max=100, step=0.5, suffix="points")
                fields[figure] = field.props("outlined dense")
                field.set_enabled(may)
        if not may:
            ui.label("Changing the bands takes the role admin.").classes("eg-muted").mark("read-only")
            return
        ui.button("Save", icon="save", on_click=lambda: self._save(fields)).props("no-caps unelevated")

    async def _save(self, fields: dict[str, ui.number]) -> None:
        parts = self.visit.parts
        wanted = {figure: (field.value or 0) / 100 for figure, field in fields.items()}

        def save(actor: Actor) -> dict[str, float]:
            return actions.set_bands(parts.database, actor, parts.config.fairness, wanted, parts.now_ms())

        await self.visit.act(save, "Saved")
        await self._panel.redraw()
