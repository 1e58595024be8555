"""The web pages (NiceGUI): one module a page; `shell` gives each its frame. Research use only, not a medical device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeguard.errors import MissingExtra

try:
    import nicegui  # noqa: F401  # asked for once, here: every module of this room needs it
except ImportError as error:
    raise MissingExtra("nicegui") from error

from edgeguard.fleet.pages import alarm, alarms, device, fairness, fleet, models, settings, wearer, wearers
from edgeguard.fleet.pages.mounting import mount

if TYPE_CHECKING:
    from fastapi import FastAPI

    from edgeguard.fleet.parts import Parts

PAGES = (fleet, device, alarms, alarm, fairness, models, wearers, wearer, settings)


def add_pages(app: FastAPI, parts: Parts) -> None:
    """All pages, on `app`; one app of a process has them, the one they were last added to."""
    for page in PAGES:
        page.add(parts)
    mount(app)
