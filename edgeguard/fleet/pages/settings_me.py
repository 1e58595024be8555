"""One's own account: who one is, what one may, and the password."""

from __future__ import annotations

from nicegui import ui

from edgeguard.fleet.actions import accounts
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.api.access import session_of
from edgeguard.fleet.api.gate import LoginNeeded
from edgeguard.fleet.api.routes.entry import address_of
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.passwords import MIN_LETTERS

_MAY = {
    "read": "see everything that is shown here",
    "label": "work on alarms and label them",
    "manage": "change wearers, devices, users and settings",
}


async def build(visit: Visit) -> None:
    """The tab."""
    with ui.element("div").classes("eg-columns"):
        with ui.element("section").classes("eg-card"):
            text("h2", visit.actor.name)
            ui.label("You may:")
            with ui.element("ul").classes("eg-list"):
                for permission, words in _MAY.items():
                    if visit.may(permission):  # type: ignore[arg-type]  # the keys are permissions
                        text("li", words)
        with ui.element("section").classes("eg-card"):
            text("h2", "Change the password")
            _build_password(visit)


def _build_password(visit: Visit) -> None:
    old = _field("Password now", "current-password")
    new = _field(f"New password, at least {MIN_LETTERS} characters", "new-password")
    again = _field("New password again", "new-password")

    async def change() -> None:
        if new.value != again.value:
            ui.notify("The new passwords are not the same: type them again", type="negative")
            return
        said = "Changed; you are logged out everywhere else"
        if (await visit.act(lambda actor: _change(visit, actor, old.value or "", new.value or ""), said)).done:
            for field in (old, new, again):
                field.value = ""

    ui.button("Change", icon="key", on_click=change).props("no-caps unelevated")


def _field(label: str, autocomplete: str) -> ui.input:
    field = ui.input(label, password=True, password_toggle_button=True)
    return field.props(f"outlined dense autocomplete={autocomplete}").classes("eg-wide")


def _change(visit: Visit, actor: Actor, old: str, new: str) -> None:
    request, parts = visit.client.request, visit.parts
    session = session_of(request)
    if session is None:
        raise LoginNeeded("you are no longer logged in: log in again")
    accounts.change_own_password(
        parts.database, actor, old, new, parts.now_ms(), session=session.sha256, address=address_of(request)
    )
