"""API tokens: made, shown once, revoked."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.actions import tokens as actions
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.moment import Moment
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.secret_once import show_once
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store import tokens
from edgeguard.fleet.store.tokens import Token

_DAYS: Final = {7: "a week", 30: "30 days", 90: "90 days", 365: "a year"}


async def build(visit: Visit) -> None:
    """The tab."""
    await Tokens(visit).show()


class Tokens:
    """The open tab: one's own tokens, and for admins everybody's."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit

    async def show(self) -> None:
        """Draw it."""
        with ui.element("section").classes("eg-card"):
            text("h2", "A new token")
            ui.label("Programs send it as Authorization: Bearer. It never may more than you do.").classes("eg-muted")
            self._build_new()
        with ui.element("section").classes("eg-card"):
            text("h2", "Tokens of everybody" if self.visit.may("manage") else "Your tokens")
            self._panel: Panel[list[Token]] = Panel(self.visit, self._ask, self._draw)
            await self._panel.show()

    def _ask(self, connection: Any) -> list[Token]:
        return tokens.listed(connection, None if self.visit.may("manage") else self.visit.actor.user_id)

    def _build_new(self) -> None:
        with ui.element("div").classes("eg-row eg-controls"):
            name = ui.input("What it is for").props("outlined dense maxlength=64")
            may = [scope for scope in ("read", "label", "manage") if scope in self.visit.actor.may]
            scopes = ui.select(may, value=["read"], label="May", multiple=True).props("outlined dense")
            days = ui.select(_DAYS, value=90, label="Holds for").props("outlined dense")
            scopes.classes("eg-select")
            days.classes("eg-select")

            async def create() -> None:
                await self._create(name.value or "", scopes.value or [], int(days.value))
                name.value = ""

            ui.button("Make", icon="vpn_key", on_click=create).props("no-caps unelevated")

    async def _create(self, name: str, scopes: list[Any], days: int) -> None:
        parts = self.visit.parts

        def create(actor: Actor) -> str:
            return actions.create(parts.database, actor, name, scopes, days, parts.now_ms())[1]

        made = await self.visit.act(create)
        if made.result is not None:
            show_once("The token", made.result, "It is kept nowhere: copy it now, it is never shown again.")
            await self._panel.redraw()

    def _draw(self, rows: list[Token]) -> None:
        if not rows:
            states.empty("No token yet", "Make one above for a program that reads or writes here.")
        for row in rows:
            self._token(row)

    def _token(self, row: Token) -> None:
        over = row.revoked_ms is not None or row.expires_ms <= self.visit.parts.now_ms()
        with ui.element("div").classes("eg-row eg-item"):
            with ui.element("div"):
                text("span", row.name).classes("eg-strong")
                text("span", f" of {row.user}, may {', '.join(row.scopes)}").classes("eg-muted")
                with ui.element("div").classes("eg-small eg-muted"):
                    text("span", "made ")
                    Moment(row.created_ms)
                    text("span", ", used ")
                    Moment(row.used_ms)
                    text("span", ", expires ")
                    Moment(row.expires_ms)
            with ui.element("div").classes("eg-row eg-end-row"):
                if over:
                    text("span", "revoked" if row.revoked_ms else "expired").classes("eg-badge")
                else:
                    revoke = ui.button("Revoke", on_click=lambda: self._revoke(row.id))
                    revoke.props("no-caps outline dense")

    async def _revoke(self, token_id: int) -> None:
        parts = self.visit.parts
        await self.visit.act(
            lambda actor: actions.revoke(parts.database, actor, token_id, parts.now_ms()),
            "Revoked: it opens nothing now",
        )
        await self._panel.redraw()
