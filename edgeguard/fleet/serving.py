"""``edgeguard fleet serve``: the database, the upkeep, an ingest worker, commands to devices, and the web server."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Final, Protocol, TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from edgeguard.fleet import web_server
from edgeguard.fleet.actions.invitations import setup_secret
from edgeguard.fleet.api.app import create_app
from edgeguard.fleet.api.links import base_url, setup_link
from edgeguard.fleet.commander import Commander
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.identity_provider import IdentityProvider
from edgeguard.fleet.ingest.worker import Worker
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import schema_version
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.upkeep import Upkeep
from edgeguard.telemetry.broker import broker_of

_LOG: Final = logging.getLogger(__name__)
Say = Callable[[str], None]


class _Part(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


P = TypeVar("P", bound=_Part)


def serve(config: FleetConfig, say: Say, *, ingest: bool = True) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: Where everything is.
        say: Takes the lines for who started us: the address, and the setup link while nobody can manage.
        ingest: Whether to take in what devices send, where a broker is configured.

    Raises:
        ConfigError: the table web, broker or oidc is wrong, or the port is in use.
        StoreError: the database is away, or its schema is another version's.
        BrokerError: the broker refuses us; where it is away only, it is tried again.
    """
    web_server.check(config.web)
    broker = broker_of(config.broker) if config.broker.url else None
    if config.oidc.issuer:
        IdentityProvider(config.oidc, "")  # told now, not at the first login
    with ExitStack() as running:
        listening = running.enter_context(web_server.listen(config.web))
        config = replace(config, web=replace(config.web, port=listening.getsockname()[1]))
        database = running.enter_context(closing(ready_database(config.database.url)))
        parts = Parts(database, config)
        if broker is not None:
            commander = _started(running, Commander(broker))
            parts = Parts(database, config, commander.send, lambda: commander.connected)
        if broker is not None and ingest:
            _started(running, Worker(database, broker, config.ingest))
        _started(running, Upkeep(database, config))
        app = create_app(parts)
        web_server.WebServer(app, config.web, lambda: _greet(parts, say)).run([listening])


def ready_database(url: str) -> Database:
    """The database with this version's schema; a new SQLite file gets it at once. StoreError, StoreUnavailable."""
    database = Database(url)
    try:
        if database.dialect == "sqlite" and schema_version.current(database) is None:
            schema_version.migrate(database)
        schema_version.check(database)
    except BaseException:
        database.close()
        raise
    return database


def _started(running: ExitStack, part: P) -> P:
    """`part`, started now and stopped at the end."""
    part.start()
    running.callback(part.stop)
    return part


def _greet(parts: Parts, say: Say) -> None:
    web = parts.config.web
    say(f"EdgeGuard fleet at {base_url(web)} (research use only, not a medical device)")
    secret = setup_secret(parts.database, parts.now_ms())
    if secret is not None:
        say(f"There is no admin yet. Open this once, within 24 hours: {setup_link(web, secret)}")
    if base_url(web).startswith("http://") and not web_server.is_this_machine(urlsplit(base_url(web)).hostname or ""):
        _LOG.warning("passwords cross the network readable: put a reverse proxy with TLS before this server")
