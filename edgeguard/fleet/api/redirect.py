"""How a page sends a browser elsewhere."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response


def redirect(url: str) -> Response:
    """To another page of ours; what was asked for is asked for there with GET."""
    return RedirectResponse(url, status_code=303)
