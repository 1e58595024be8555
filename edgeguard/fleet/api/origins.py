"""Which names this server answers to, and which sites may make a browser change something here."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from edgeguard.fleet.config import Web

# One slash first: browsers read // and /\\ as another server; the rest as it stands in addresses.
_LOCAL_PATH: Final = re.compile(r"/(?!/)[!-\[\]-~]*")
_OWN_SITE: Final = ("same-origin", "none")  # none: typed into the address bar


def host_is_ours(web: Web, host: str) -> bool:
    """Whether a Host header names us: a foreign name that was made to point here (DNS rebinding) does not.

    Besides the public URL's name, addresses and ``localhost`` do, since nobody can make those point elsewhere: for
    probes, and for Prometheus, behind the proxy's back.
    """
    name = _name(host)
    if name is None:
        return False
    return name == "localhost" or _is_address(name) or name == urlsplit(web.public_url).hostname


def origin_is_ours(web: Web, headers: Headers, *, needed: bool = False) -> bool:
    """Whether a browser says that our own pages sent the request; programs say nothing, and may unless `needed`."""
    if headers.get("sec-fetch-site", "none") not in _OWN_SITE:
        return False
    origin = headers.get("origin")
    if origin is None:
        return not needed
    return origin.lower() == _origin(web, headers.get("host", ""))


def local_path(path: str) -> str:
    """`path` if it stays on this server, else ``/``: where a login leads is nobody else's to say."""
    return path if _LOCAL_PATH.fullmatch(path) else "/"


def _origin(web: Web, host: str) -> str:
    if not web.public_url:
        return f"http://{host}".lower()
    parts = urlsplit(web.public_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
