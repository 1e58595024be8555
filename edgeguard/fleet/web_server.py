"""uvicorn: the socket, the signals, and what its log must not hold."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from edgeguard.errors import ConfigError, MissingExtra
from edgeguard.fleet.config import Web

if TYPE_CHECKING:
    from fastapi import FastAPI

try:
    import uvicorn
except ImportError as error:
    raise MissingExtra("uvicorn") from error

_BACKLOG: Final = 2048
_GOODBYE_S: Final = 5  # then live streams are cut
_SOCKET_MESSAGE_BYTES: Final = 1 << 20


def check(web: Web) -> None:
    """ConfigError where the pages could be reached otherwise than is safe, or not at all."""
    if not web.public_url and not is_this_machine(web.host):
        raise ConfigError(
            f"web.host {web.host} lets other machines in: set web.public_url to the address that browsers use, "
            "https:// by a reverse proxy"
        )
    parts = urlsplit(web.public_url)
    if web.public_url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/")):
        raise ConfigError(f"web.public_url {web.public_url!r} is not an address: write https://name, without a path")
    if web.trusted_proxy and not _is_address(web.trusted_proxy):
        raise ConfigError(f"web.trusted_proxy {web.trusted_proxy!r} is not an address: write the proxy's, as 127.0.0.1")


def is_this_machine(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def listen(web: Web) -> socket.socket:
    """A socket on which connections queue up from now on; ConfigError where the port is in use or forbidden."""
    try:
        family = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((web.host, web.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot listen on {web.host} port {web.port}: {reason}: choose another --port") from error


class WebServer(uvicorn.Server):
    """Serves until SIGTERM or SIGINT, which end it as a success.

    Args:
        app: What answers.
        web: Whose headers count: those of `Web.trusted_proxy` alone.
        ready: Called once connections are served.
    """

    def __init__(self, app: FastAPI, web: Web, ready: Callable[[], None] = lambda: None) -> None:
        settings: dict[str, Any] = {
            "access_log": False,  # ours has no query strings
            "log_config": None,
            "log_level": "warning",  # below it, uvicorn tells the whole address of each websocket
            "server_header": False,
            "ws": "websockets-sansio",
            "ws_max_size": _SOCKET_MESSAGE_BYTES,
            "proxy_headers": bool(web.trusted_proxy),
            "forwarded_allow_ips": web.trusted_proxy or None,
            "timeout_graceful_shutdown": _GOODBYE_S,
        }
        super().__init__(uvicorn.Config(app, **settings))
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then say that we are ready."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, which raises them again at the end; a thread gets no signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
