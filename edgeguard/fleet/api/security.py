"""The shield around the whole application: hosts, origins, sizes, who may open pages, and headers on every answer."""

from __future__ import annotations

import ipaddress
import logging
import re
from typing import Final
from urllib.parse import quote, urlsplit

from anyio.to_thread import run_sync
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.api.access import SCOPE_KEY, session_of
from edgeguard.fleet.api.errors import failure, status_of
from edgeguard.fleet.api.gate import Gate, is_https
from edgeguard.fleet.config import Web
from edgeguard.fleet.parts import Parts

_LOG: Final = logging.getLogger(__name__)
