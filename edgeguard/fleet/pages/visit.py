"""One page that somebody has open: who they are, and how it reads and changes what the server holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from nicegui import Client, ui
from nicegui.elements.mixins.text_element import TextElement

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.actor import Actor, Permission
from edgeguard.fleet.api.access import current
from edgeguard.fleet.api.gate import LoginNeeded
from edgeguard.fleet.parts import Parts

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """Whether it was done, and what it gave."""

    done: bool
    result: T | None = None


@dataclass(frozen=True)
class Visit:
    """A page that is open.

    Attributes:
        parts: The server's.
        client: NiceGUI's, with the request that asked for the page.
        permission: What the page asks for.
        actor: Who opened it. Each read and each action asks anew: people log out, and roles change.
        heading: The page's.
    """

    parts: Parts
    client: Client
    permission: Permission
    actor: Actor
    heading: TextElement

    @property
    def path(self) -> dict[str, str]:
        """The path's parameters."""
        return dict(self.client.request.path_params)

    @property
    def query(self) -> dict[str, str]:
        """What stands behind the ``?``."""
        return dict(self.client.request.query_params)

    def call(self, title: str) -> None:
        """Name the page after what it shows."""
        self.heading.text = title
        ui.page_title(f"{title} · EdgeGuard")

    def may(self, permission: Permission) -> bool:
        """Whether to show what needs `permission`; the action itself checks it again."""
        return permission in self.actor.may

    async def read(self, question: Callable[[Any], T], *, used: bool = False) -> T:
        """What `question` finds in the database, asked in a thread with a Connection.

        Args:
            question: Called with a Connection.
            used: Whether a person did something, which keeps the session alive, or the page refreshes itself.

        Raises:
            StoreError: The database is away, or refuses.
            LoginNeeded: Nobody is logged in any more.
            Forbidden: They no longer may.
        """
        return await asyncio.to_thread(self._read, question, used)

    async def act(self, action: Callable[[Actor], T], said: str = "") -> Outcome[T]:
        """Do `action` in a thread as who is logged in now; `said`, or what went wrong, appears as a short notice."""
        try:
            result = await asyncio.to_thread(lambda: action(current(self.client.request)))
        except LoginNeeded:
            self.to_login()
            return Outcome(False)
        except EdgeGuardError as error:
            ui.notify(str(error), type="negative", multi_line=True, close_button="Close", timeout=0)
            return Outcome(False)
        if said:
            ui.notify(said, type="positive")
        return Outcome(True, result)

    def to_login(self) -> None:
        """Go and log in, then come back here."""
        self.client.open(login_url(self.client))

    def _read(self, question: Callable[[Any], T], used: bool) -> T:
        current(self.client.request, used=used).must(self.permission)
        with self.parts.database.reading() as connection:
            return question(connection)


def login_url(client: Client) -> str:
    """The login page, which leads back to what was asked for."""
    url = client.request.url
    asked = url.path + (f"?{url.query}" if url.query else "")
    return f"/login?next={quote(asked, safe='')}"
