"""Users: invited, given roles, kept out, taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet.actions import accounts as actions
from edgeguard.fleet.actor import Actor, Role
from edgeguard.fleet.api.links import invitation_link
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.secret_once import show_once
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store import accounts
from edgeguard.fleet.store.accounts import User

ROLES: Final[dict[Role, str]] = {
    "viewer": "Viewer: sees",
    "clinician": "Clinician: works on alarms",
    "admin": "Admin: manages",
}
_MOST: Final = 500
_ONCE: Final = "It can be opened once, within 24 hours. Hand it over safely: who opens it chooses the password."


async def build(visit: Visit) -> None:
    """The tab."""
    await Users(visit).show()


class Users:
    """The open tab."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit

    async def show(self) -> None:
        """Draw it."""
        with ui.element("section").classes("eg-card"):
            text("h2", "Invite somebody")
            with ui.element("div").classes("eg-row eg-controls"):
                name = ui.input("Name").props("outlined dense maxlength=64")
                role = ui.select(ROLES, value="viewer", label="Role").props("outlined dense")

                async def invite() -> None:
                    await self._invite(name.value or "", role.value)
                    name.value = ""

                ui.button("Invite", icon="person_add", on_click=invite).props("no-caps unelevated")
        with ui.element("section").classes("eg-card"):
            text("h2", "Users")
            self._panel: Panel[list[User]] = Panel(
                self.visit, lambda connection: accounts.listed(connection, limit=_MOST).rows, self._draw
            )
            await self._panel.show()

    async def _invite(self, name: str, role: Role) -> None:
        parts = self.visit.parts

        def invite(actor: Actor) -> str:
            return actions.invite(parts.database, actor, name, role, parts.now_ms())[1]

        await self._make_link(invite, f"The invitation of {name}")

    async def _make_link(self, make: Callable[[Actor], str], title: str) -> None:
        made = await self.visit.act(make)
        if made.result is not None:
            show_once(title, invitation_link(self.visit.parts.config.web, made.result), _ONCE)
            await self._panel.redraw()

    def _draw(self, users: list[User]) -> None:
        for user in users:
            with ui.element("div").classes("eg-row eg-item"):
                self._user(user)

    def _user(self, user: User) -> None:
        parts, me = self.visit.parts, user.id == self.visit.actor.user_id
        with ui.element("div"):
            text("span", user.name).classes("eg-strong")
            text("div", _facts(user, me)).classes("eg-small eg-muted")

        async def change(event: Any) -> None:
            await self._do(
                lambda actor: actions.change(parts.database, actor, user.id, parts.now_ms(), role=event.value),
                f"{user.name} is {event.value} now",
            )

        async def reset() -> None:
            await self._make_link(
                lambda actor: actions.reset_password(parts.database, actor, user.id, parts.now_ms()),
                f"A new password for {user.name}",
            )

        async def disable() -> None:
            await self._do(
                lambda actor: actions.change(
                    parts.database, actor, user.id, parts.now_ms(), disabled=not user.disabled
                ),
                f"{user.name} may come in again" if user.disabled else f"{user.name} is kept out",
            )

        with ui.element("div").classes("eg-row eg-end-row"):
            role = ui.select(ROLES, value=user.role, on_change=change).props('outlined dense aria-label="Role"')
            role.classes("eg-role").set_enabled(not me)
            ui.button("New password", on_click=reset).props("no-caps outline dense")
            keep = ui.button("Let in" if user.disabled else "Keep out", on_click=disable).props("no-caps outline dense")
            keep.set_enabled(not me)
            take = ui.button(icon="delete", on_click=lambda: self._ask_remove(user))
            take.props('flat dense round aria-label="Take out"').set_enabled(not me)

    def _ask_remove(self, user: User) -> None:
        parts = self.visit.parts

        async def remove() -> None:
            dialog.close()
            await self._do(
                lambda actor: actions.remove(parts.database, actor, user.id, parts.now_ms()), f"Took {user.name} out"
            )

        with ui.dialog(value=True) as dialog, ui.element("div").classes("eg-card eg-dialog"):
            ui.label(f"Take {user.name} out?").classes("eg-big")
            ui.label("Sessions and tokens end now. What they did stays in the audit log.")
            with ui.element("div").classes("eg-row"):
                ui.button("Take out", on_click=remove).props("no-caps unelevated color=negative")
                ui.button("Cancel", on_click=dialog.close).props("no-caps flat")

    async def _do(self, act: Callable[[Actor], object], said: str) -> None:
        await self.visit.act(act, said)
        await self._panel.redraw()


def _facts(user: User, me: bool) -> str:
    facts = [
        *(["you"] if me else []),
        *(["kept out"] if user.disabled else []),
        *(["logs in at the identity provider"] if user.single_sign_on else []),
        *([] if user.password or user.single_sign_on else ["has not opened the invitation yet"]),
    ]
    return ", ".join(facts)
