"""The server: its version, and what its config file says; nothing here can be changed on the page."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Final

from nicegui import ui

from edgeguard import __version__
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit

_LIBRARIES: Final = ("nicegui", "fastapi", "sqlalchemy", "paho-mqtt")


async def build(visit: Visit) -> None:
    """The tab."""
    config = visit.parts.config
    ingest, kept = config.ingest, config.database
    registration = "taken in" if ingest.registration == "open" else "set aside"
    with ui.element("div").classes("eg-columns"):
        _facts("Versions", {"EdgeGuard": __version__, "Python": platform.python_version(), **_versions()})
        _facts(
            "What comes in",
            {
                "Broker": config.broker.url or "none: nothing comes in here",
                "Devices that are not known": registration,
                "New devices": f"at most {ingest.max_new_devices:,} an hour",
                "Messages of one device": f"{ingest.burst:,} at once, then {ingest.rate_hz:g} a second",
                "Clocks": f"at most {ingest.clock_ahead_s:g} s ahead, {ingest.clock_behind_days:g} days behind",
            },
        )
        _facts(
            "What is kept",
            {
                "Database": visit.parts.database.shown if visit.may("manage") else visit.parts.database.dialect,
                "Summaries": f"{kept.summaries_days} days as they came, {kept.hours_days} days by hours, then by days",
                "Messages set aside": f"{kept.quarantine_days} days",
                "Audit log": f"{kept.audit_days} days",
            },
        )
        _facts(
            "People",
            {
                "Login": "by the identity provider, or a password" if config.oidc.issuer else "by a password",
                "Sessions": f"end {config.web.session_hours:g} hours after the last click",
            },
        )
    with ui.element("section").classes("eg-card"):
        ui.label("For research use only. This is not a medical device: no one may rely on it to diagnose or to treat.")
        ui.label("What stands here comes from the config file; docs/fleet.md describes each key.").classes("eg-muted")


def _facts(title: str, facts: dict[str, str]) -> None:
    with ui.element("section").classes("eg-card"):
        text("h2", title)
        with ui.element("dl").classes("eg-facts"):
            for name, value in facts.items():
                text("dt", name)
                text("dd", value)


def _versions() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}
