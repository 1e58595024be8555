"""How NiceGUI hangs on the FastAPI app: offline, light, and without its own storage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from nicegui import app as pages_app
from nicegui import ui

if TYPE_CHECKING:
    from fastapi import FastAPI

_ICON: Final = Path(__file__).with_name("icon.svg")


def mount(app: FastAPI) -> None:
    """Serve all pages under ``/`` of `app`; what `app` serves itself goes first."""
    pages_app.middleware_stack = None  # an earlier app of this process may have built it; ours is added below
    pages_app.user_middleware.clear()
    ui.run_with(
        app,
        title="EdgeGuard",
        favicon=_ICON,
        dark=None,
        language="en-US",
        tailwind=False,  # it would compile styles in the browser, a third of a second on a phone
        reconnect_timeout=10.0,
        binding_refresh_interval=None,
        show_welcome_message=False,
    )
