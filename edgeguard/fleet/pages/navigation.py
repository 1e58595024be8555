"""The header, and on a phone the bar at the bottom: where one can go, how many alarms are open, who is logged in."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store import alarms

# path, name, icon
PLACES: Final[tuple[tuple[str, str, str], ...]] = (
    ("/", "Fleet", "sensors"),
    ("/alarms", "Alarms", "notifications"),
    ("/fairness", "Fairness", "balance"),
    ("/models", "Models", "schema"),
    ("/wearers", "Wearers", "groups"),
    ("/settings", "Settings", "settings"),
)
_THEMES: Final[tuple[tuple[str, str, bool | None], ...]] = (
    ("system", "As the system", None),
    ("light", "Light", False),
    ("dark", "Dark", True),
)
_COUNT_EVERY_S: Final = 15.0


async def frame(visit: Visit, path: str, dark: ui.dark_mode) -> None:
    """Header and bottom bar of the page at `path`."""
    with ui.header(elevated=False, wrap=False).classes("eg-header"):
        with ui.element("a").props('href="/"').classes("eg-brand"):
            ui.element("img").props('src="/favicon.ico" alt=""')
            ui.label("EdgeGuard")
        count = [_places(path)]
        with ui.element("div").classes("eg-who"):
            _theme_menu(dark)
            _user_menu(visit)
    with ui.footer(elevated=False, wrap=False).classes("eg-bottom"):
        count.append(_places(path))
    await _keep_count(visit, count)


def _places(path: str) -> ui.label:
    """The links; gives the label that holds the number of open alarms."""
    with ui.element("nav").classes("eg-nav").props('aria-label="Pages"'):
        for place, name, icon in PLACES:
            with ui.element("a").props(f'href="{place}"') as link:
                if _within(path, place):
                    link.props('aria-current="page"')
                ui.icon(icon).props("aria-hidden=true")
                ui.label(name)
                if place == "/alarms":
                    count = ui.label().classes("eg-count")
    count.visible = False
    return count


def _within(path: str, place: str) -> bool:
    return path.startswith(place) if place != "/" else path == "/" or path.startswith("/devices")


async def _keep_count(visit: Visit, labels: list[ui.label]) -> None:
    async def show() -> None:
        try:
            number = await visit.read(_open)
        except EdgeGuardError:
            return  # the page's own panels say what is wrong
        for label in labels:
            label.text = str(number) if number < 1000 else "999+"
            label.props(f'aria-label="{number} open"')
            label.visible = number > 0

    await show()
    ui.timer(_COUNT_EVERY_S, show, immediate=False)


def _theme_menu(dark: ui.dark_mode) -> None:
    def choose(name: str, value: bool | None) -> None:
        dark.value = value
        ui.run_javascript(f"edgeguard.rememberTheme('{name}')")

    with ui.button(icon="contrast").props('flat round dense color=none aria-label="Theme"'), ui.menu():
        for name, text, value in _THEMES:
            ui.menu_item(text, on_click=lambda name=name, value=value: choose(name, value))


def _user_menu(visit: Visit) -> None:
    with ui.button(icon="account_circle").props('flat round dense color=none aria-label="Account"'), ui.menu():
        ui.label(visit.actor.name).classes("eg-account")
        ui.separator()
        ui.menu_item("Log out", on_click=lambda: ui.navigate.to("/logout"))


def _open(connection: Any) -> int:
    return alarms.alarms(connection, status="open", limit=1).total
