"""``edgeguard fleet serve``: the database, the upkeep, an ingest worker, commands to devices, and the web server."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Final

from msgspec.structs import replace

from edgeguard.fleet import web_server
from edgeguard.fleet.actions.invitations import setup_secret
from edgeguard.fleet.api.app import create_app
from edgeguard.fleet.api.links import base_url, setup_link
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.ingest.worker import Worker
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import schema_version
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.upkeep import Upkeep
from edgeguard.telemetry.broker import broker_of

log: Final = logging.getLogger(__name__)


def serve(config: FleetConfig, say: Callable[[str], None], *, ingest: bool = True) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        config: Where everything is.
        say: Takes the lines for who started us: the address, and the setup link while nobody can manage.
        ingest: Whether to take in what devices send, where a broker is configured.

    Raises:
        ConfigError: the web table, the broker or a file is wrong, or the port is in use.
        StoreError: the database is away, or not of this version.
    """
    web_server.check(config.web)
    broker = broker_of(config.broker) if config.broker.url else None
    with ExitStack() as running:
        listening = running.enter_context(web_server.listen(config.web))
        config = replace(config, web=replace(config.web, port=listening.getsockname()[1]))
        database = running.enter_context(closing(ready_database(config.database.url)))
        send = None
        if broker is not None:
            sender = running.enter_context(Sender(broker))
            send = sender.send
        parts = Parts(database, config, send)
