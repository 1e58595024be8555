"""One worker as a program: until it is told to stop, with a line a minute on how it does."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from edgeguard.errors import StoreError
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.ingest.worker import Worker
from edgeguard.fleet.store import schema_version
from edgeguard.fleet.store.database import Database
from edgeguard.telemetry.broker import broker_of

# A thread that comes back from the database or the network gets its turn after so long, not after 5 ms: a batch has a
# dozen such turns.
_SWITCH_S: Final = 0.0005
_LINE_S: Final = 60.0
_QUIET_S: Final = 5.0  # then the broker holds nothing more for a worker that leaves


def ingest(
    config: FleetConfig, stop: threading.Event, tell: Callable[[str], None], *, leave: bool = False
) -> Counter[str]:
    """Take messages in until `stop`, or, to `leave` the other workers for good, until none is left for this one.

    Returns what became of them.

    Raises:
        ConfigError: no broker is configured, or a setting is wrong.
        BrokerError: the broker refuses us.
        StoreError: the database is not migrated, or the worker broke off.
        StoreUnavailable: there is no database at the start; later on it is waited for.
    """
    broker, database = broker_of(config.broker), Database(config.database.url)
    schema_version.check(database)
    worker = Worker(database, broker, config.ingest, leave=leave)
    sys.setswitchinterval(_SWITCH_S)
    worker.start()
    tell(f"{config.ingest.name}: from {broker} into {database.shown}")
    counts, began = worker.intake.counts, time.monotonic()
    before: Counter[str] = Counter()
    while not stop.wait(1.0) and worker.alive and not (leave and worker.quiet_s > _QUIET_S):
        if (seconds := time.monotonic() - began) >= _LINE_S:
            tell(line(counts - before, seconds, worker.waiting, worker.connected))
            before, began = counts.copy(), time.monotonic()
    broke_off = not worker.alive
    worker.stop()
    database.close()
    if broke_off:
        raise StoreError("the ingest worker broke off by a mistake of its own: see the log, and report it")
    return +counts


def line(counts: Counter[str], seconds: float, waiting: int, connected: bool) -> str:
    """Rates per second of what came, and what is in memory."""
    rates = ", ".join(f"{count / seconds:.1f} {kind}/s" for kind, count in sorted((+counts).items()))
    return f"{rates or 'nothing came'}; {waiting} waiting{'' if connected else '; no broker'}"
