"""The security headers of every answer.

The pages' Content-Security-Policy has to allow two things that NiceGUI 3 cannot do without: ``'unsafe-inline'``, as
each page starts by inline scripts (its import map, its elements) and sets styles on elements; and ``'unsafe-eval'``, as
Vue compiles templates and NiceGUI runs event handlers in the browser. What is left still keeps out scripts, data and
frames of other sites, and keeps what may be injected from sending anything elsewhere by request, form or frame.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders

from edgeguard.fleet.api.gate import is_https
from edgeguard.fleet.config import Web

_ALL: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that know no frame-ancestors
    "Referrer-Policy": "same-origin",  # no-referrer would also take the Origin from our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_YEAR_S: Final = 31_536_000


def add_security_headers(headers: MutableHeaders, path: str, web: Web) -> None:
    """Add what the answer to `path` does not say for itself."""
    for name, value in _ALL.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Content-Security-Policy", _API_POLICY if path.startswith("/api/") else _PAGE_POLICY)
    if is_https(web):
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
