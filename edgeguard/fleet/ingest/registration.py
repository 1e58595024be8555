"""Which devices that are not known yet are taken in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.config import Ingest
from edgeguard.fleet.store import incoming
from edgeguard.fleet.store.database import Connection
from edgeguard.telemetry.topics import Address

_COUNTED_MS: Final = 60_000  # after so long, ask the database again what other workers took in


class Registration:
    """Open up to so many devices an hour, or closed."""

    def __init__(self, config: Ingest) -> None:
        self._open = config.registration == "open"
        self._most = config.max_new_devices
        self._left = 0
        self._counted_ms = -_COUNTED_MS

    @property
    def reason(self) -> str:
        """Why the others are not taken in."""
        if self._open:
            return f"unknown device; {self._most} have appeared within the hour, see ingest.max_new_devices"
        return "unknown device, and registration is closed: see ingest.registration"

    def admitted(self, connection: Connection, unknown: Sequence[Address], now_ms: int) -> Sequence[Address]:
        """Those of the unknown devices that are taken in."""
        if not self._open:
            return ()
        if now_ms - self._counted_ms >= _COUNTED_MS:
            self._left = self._most - incoming.devices_since(connection, now_ms - HOUR_MS)
            self._counted_ms = now_ms
        taken = unknown[: max(self._left, 0)]
        self._left -= len(taken)
        return taken
