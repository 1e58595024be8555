"""The frame of every page: who may see it, the way to the others, who is logged in, the theme."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nicegui import Client, ui
from nicegui.elements.mixins.text_element import TextElement

from edgeguard.errors import Forbidden, StoreError
from edgeguard.fleet.actor import Permission
from edgeguard.fleet.api.access import current
from edgeguard.fleet.api.gate import LoginNeeded
from edgeguard.fleet.pages import navigation, states, theme
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit, login_url
from edgeguard.fleet.parts import Parts

Build = Callable[[Visit], Awaitable[None]]
_PATIENCE_S: Final = 30.0  # to build a page, on a server that has much else to do
RESEARCH_USE: Final = "Research use only. Not a medical device."
_HERE: Final = Path(__file__).parent
_STYLE: Final = "".join((_HERE / name).read_text() for name in ("style.css", "work.css"))
_SCRIPT: Final = (_HERE / "shell.js").read_text()


def page(parts: Parts, path: str, title: str, permission: Permission = "read") -> Callable[[Build], Build]:
    """Decorator: `build` fills the page at `path`, as NiceGUI writes paths, for those who may.

    Who is not logged in is sent to the login page, who may not is told so, and `build` is not called.
    """

    def decorated(build: Build) -> Build:
        async def show(client: Client) -> None:
            dark = dress(parts, client)
            try:
                actor = await asyncio.to_thread(current, client.request)
            except LoginNeeded:
                client.open(login_url(client))
                return
            except StoreError as error:
                with main(title):
                    states.failed(str(error), reload)
                return
            with main(title) as heading:
                visit = Visit(parts, client, permission, actor, heading)
                with client:
                    await navigation.frame(visit, path, dark)
                try:
                    actor.must(permission)
                    await build(visit)
                except Forbidden as error:
                    states.failed(str(error))
                except StoreError as error:  # of what is asked before the page's panels are there
                    states.failed(str(error), reload)

        ui.page(path, title=f"{title} · EdgeGuard", response_timeout=_PATIENCE_S)(show)
        return build

    return decorated


def dress(parts: Parts, client: Client) -> ui.dark_mode:
    """Style, script and theme; gives the element that the theme hangs on."""
    ui.add_head_html(
        f"<style>{theme.variables()}{_STYLE}</style>"
        f"<script>{_SCRIPT};edgeguard.setServerTime({parts.now_ms()})</script>"
    )
    return ui.dark_mode({"dark": True, "light": False}.get(client.request.cookies.get("edgeguard_theme", "")))


@contextmanager
def main(title: str) -> Iterator[TextElement]:
    """What a page's content goes into, under its heading."""
    with ui.element("div").classes("eg-main") as column:
        with ui.element("div").classes("eg-title"):
            heading = text("h1", title).classes("eg-wrap")
        yield heading
        text("p", RESEARCH_USE).classes("eg-foot")
    ui.skip_link("Skip to the content", target=column)


async def reload() -> None:
    """Ask for the page again."""
    ui.navigate.reload()
