"""The shield around the whole application: hosts, origins, sizes, who may open pages, and headers on every answer."""

from __future__ import annotations

import logging
import re
from typing import Final
from urllib.parse import quote

from anyio.to_thread import run_sync
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgeguard.errors import EdgeGuardError, one_line
from edgeguard.fleet.api.access import SCOPE_KEY, session_of
from edgeguard.fleet.api.errors import answer, status_of
from edgeguard.fleet.api.gate import Gate
from edgeguard.fleet.api.headers import add_security_headers
from edgeguard.fleet.api.origins import host_is_ours, origin_is_ours
from edgeguard.fleet.api.sizes import limited, too_large
from edgeguard.fleet.api.sockets import watched
from edgeguard.fleet.config import Web
from edgeguard.fleet.parts import Parts

_LOG: Final = logging.getLogger(__name__)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SOCKET: Final = "/_nicegui_ws/"
# For everybody, or asking for themselves who may; so do all under /api/. All else is a page, and needs a session.
OPEN_PATHS: Final = frozenset(
    {
        "/login",
        "/logout",
        "/setup",
        "/invitation",
        "/entry/style.css",
        "/entry/link.js",
        "/oidc/login",
        "/oidc/callback",
        "/healthz",
        "/readyz",
        "/metrics",
    }
)
_ICON: Final = "/favicon.ico"  # the pages'
_ASSET: Final = re.compile(r"/_nicegui/\d[^/]*/(static|libraries|components|resources|esm)/")  # NiceGUI's own files


class Shield:
    """ASGI middleware, the outermost: nothing reaches the application past it, nothing leaves without headers."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app, self.parts, self.web = app, parts, parts.config.web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one websocket."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        # NiceGUI would write this header into its pages; we are always at the root
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"x-forwarded-prefix"]
        scope[SCOPE_KEY] = Gate(self.parts)
        connection = HTTPConnection(scope)
        if scope["type"] == "websocket":
            await self._socket(connection, receive, send)
        else:
            await self._request(connection, receive, _Answer(send, scope, self.web))

    async def _request(self, connection: HTTPConnection, receive: Receive, send: _Answer) -> None:
        scope = connection.scope
        try:
            refused = self._refused(connection) or await self._stranger(connection)
            if refused is not None:
                await refused(scope, receive, send)
            else:
                await self.app(scope, limited(receive, connection.headers), send)
        except EdgeGuardError as error:
            if send.started:
                raise
            await answer(scope["path"], status_of(error), str(error))(scope, receive, send)
        except Exception:
            if send.started:
                raise
            _LOG.exception("%s %s failed", scope["method"], one_line(scope["path"]))
            await answer(scope["path"], 500, "the server failed here: see its log")(scope, receive, send)

    def _refused(self, connection: HTTPConnection) -> Response | None:
        scope, headers = connection.scope, connection.headers
        if not host_is_ours(self.web, headers.get("host", "")):
            return answer(
                scope["path"], 400, "this server has another name: open it by web.public_url of its config file"
            )
        unsafe = scope["method"] not in _SAFE or scope["path"].startswith(_SOCKET)
        if unsafe and not origin_is_ours(self.web, headers):
            return answer(
                scope["path"], 403, "another site sent this request: open the server's own page and try again"
            )
        if too_large(headers):
            return answer(scope["path"], 413, "the request is too large: send it in parts")
        return None

    async def _stranger(self, connection: HTTPConnection) -> Response | None:
        scope = connection.scope
        path = scope["path"]
        if path in OPEN_PATHS or path.startswith("/api/") or path == _ICON or _ASSET.match(path):
            return None
        if await run_sync(_has_session, connection):
            return None
        if scope["method"] not in _SAFE or path.startswith("/_nicegui"):
            return answer(scope["path"], 401, "nobody is logged in: log in")
        query = scope["query_string"].decode("latin-1")
        return RedirectResponse(f"/login?next={quote(path + (f'?{query}' if query else ''))}", 303)

    async def _socket(self, connection: HTTPConnection, receive: Receive, send: Send) -> None:
        headers = connection.headers
        ours = host_is_ours(self.web, headers.get("host", "")) and origin_is_ours(self.web, headers, needed=True)
        if not ours or not await _still_there(connection):
            await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(connection.scope, *watched(connection, receive, send, self.parts.now_ms, _still_there))


class _Answer:
    """`send` that adds the security headers, and logs the answer without the query."""

    def __init__(self, send: Send, scope: Scope, web: Web) -> None:
        self.send, self.scope, self.web, self.started = send, scope, web, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            path = self.scope["path"]
            add_security_headers(MutableHeaders(scope=message), path, self.web)
            level = logging.DEBUG if _ASSET.match(path) else logging.INFO
            _LOG.log(level, "%s %s %s", self.scope["method"], one_line(path), message["status"])
        await self.send(message)


def _has_session(connection: HTTPConnection) -> bool:
    return session_of(connection, used=False) is not None


async def _still_there(connection: HTTPConnection) -> bool:
    """No, too, where the database cannot say."""
    try:
        return await run_sync(_has_session, connection)
    except EdgeGuardError:
        return False
