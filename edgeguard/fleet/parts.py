"""What the web application is put together from, and every route and page may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from edgeguard.fleet.clock import Now, unix_ms
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.live import Live
from edgeguard.fleet.store.database import Database
from edgeguard.telemetry.messages import Command
from edgeguard.telemetry.topics import Address

Send = Callable[[Address, Command], None]


@dataclass(frozen=True)
class Parts:
    """The server's parts.

    Attributes:
        database: Where everything is.
        config: The config file's.
        send: Publishes a command to a device; BrokerError where no broker is connected. None: no broker is configured.
        connected: Whether the broker is there right now; None where none is configured.
        now_ms: The wall clock.
    """

    database: Database
    config: FleetConfig
    send: Send | None = None
    connected: Callable[[], bool] | None = None
    now_ms: Now = unix_ms

    @cached_property
    def live(self) -> Live:
        """What changes in the database, for all pages and streams of this process."""
        return Live(self.database, self.now_ms)
