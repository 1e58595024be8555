"""The settings page: a tab for each subject, of which everybody sees those that are theirs to see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from edgeguard.fleet.actor import Permission
from edgeguard.fleet.pages import (
    settings_about,
    settings_audit,
    settings_bands,
    settings_me,
    settings_quarantine,
    settings_tokens,
    settings_users,
)
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.parts import Parts

Build = Callable[[Visit], Awaitable[None]]
# name in the URL -> what it is called, who sees it, what fills it
TABS: Final[dict[str, tuple[str, Permission, Build]]] = {
    "me": ("My account", "read", settings_me.build),
    "tokens": ("API tokens", "read", settings_tokens.build),
    "users": ("Users", "manage", settings_users.build),
    "fairness": ("Fairness bands", "read", settings_bands.build),
    "quarantine": ("Quarantine", "read", settings_quarantine.build),
    "audit": ("Audit log", "manage", settings_audit.build),
    "about": ("Server", "read", settings_about.build),
}


def add(parts: Parts) -> None:
    """The page at /settings."""

    @page(parts, "/settings", "Settings")
    async def _(visit: Visit) -> None:
        seen = {name: tab for name, tab in TABS.items() if visit.may(tab[1])}
        chosen = visit.query.get("tab", "")
        chosen = chosen if chosen in seen else "me"
        with ui.element("nav").classes("eg-subnav").props('aria-label="Settings"'):
            for name, (label, _permission, _build) in seen.items():
                link = text("a", label).props(f'href="/settings?tab={name}"')
                if name == chosen:
                    link.props('aria-current="page"')
        await seen[chosen][2](visit)
