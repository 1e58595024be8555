"""Links that hold a secret: in the fragment, which browsers send to nobody, so that no log has it."""

from __future__ import annotations

from typing import Final

from edgeguard.fleet.config import Web

_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not listened on: shown as what reaches it


def base_url(web: Web) -> str:
    """As browsers reach this server."""
    if web.public_url:
        return web.public_url.rstrip("/")
    host = _ANY.get(web.host, web.host)
    return f"http://[{host}]:{web.port}" if ":" in host else f"http://{host}:{web.port}"


def invitation_link(web: Web, secret: str) -> str:
    """Where a user chooses a password."""
    return f"{base_url(web)}/invitation#{secret}"


def setup_link(web: Web, secret: str) -> str:
    """Where the first admin is made."""
    return f"{base_url(web)}/setup#{secret}"
