"""A worker: what comes over MQTT, in batches, to committed rows; the broker is told only then."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from typing import Final

from edgeguard.errors import StoreError, StoreUnavailable
from edgeguard.fleet.clock import Now, unix_ms
from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest.intake import Batch, Intake
from edgeguard.fleet.store.database import Database
from edgeguard.telemetry import topics
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Kept
from edgeguard.telemetry.subscriber import Delivery, Subscriber, Wanted

log = logging.getLogger(__name__)

EXPIRY_S: Final = 7 * 86_400  # the broker keeps the messages of a worker that stays away no longer than this
_AHEAD: Final = 4  # batches that the broker sends ahead of their acknowledgment
_RETRY_S: Final = (0.25, 10.0)
_STOP_S: Final = 30.0


class Worker:
    """Takes in what devices send, in threads of its own; any number of workers side by side, each with its own name.

    At most `_AHEAD` batches are in memory. While the database is away a batch is kept and tried again, and nothing is
    acknowledged; so the broker keeps what comes meanwhile.

    Args:
        database: Migrated.
        broker: Where, and how to be let in.
        config: The config file's.
        leave: Take only what the broker still holds for this name, and get no share of what comes from here on.
        now_ms: The wall clock.

    Attributes:
        intake: Has the counts.
    """

    def __init__(
        self, database: Database, broker: Broker, config: Ingest, *, leave: bool = False, now_ms: Now = unix_ms
    ) -> None:
        self.intake = Intake(database, config, now_ms)
        self._config = config
        self._subscriber = Subscriber(
            broker,
            f"edgeguard-ingest-{topics.checked_id(config.name, 'ingest.name')}",
            Wanted(
                shared=[topics.subscription(kind) for kind in ("telemetry", "alert", "ack")],
                plain=[topics.subscription("state")],  # retained messages come to plain subscriptions only
                share=topics.checked_id(config.share, "ingest.share"),
                leave=leave,
            ),
            Kept(EXPIRY_S, receive_maximum=min(_AHEAD * config.batch, 65_535)),
        )
        self._heard = time.monotonic()
        self._stopping = threading.Event()
        self._read: queue.Queue[tuple[Sequence[Delivery], Batch] | None] = queue.Queue(maxsize=1)
        self._reader = threading.Thread(target=self._read_on, name="ingest-reader", daemon=True)
        self._writer = threading.Thread(target=self._write_on, name="ingest-writer", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._subscriber.connected

    @property
    def alive(self) -> bool:
        """Whether it works: neither stopped nor broken off by a mistake of ours."""
        return self._reader.is_alive() and self._writer.is_alive()

    @property
    def quiet_s(self) -> float:
        """How long nothing has come."""
        return time.monotonic() - self._heard

    @property
    def waiting(self) -> int:
        """Messages in memory that no batch has taken yet."""
        return self._subscriber.waiting

    def start(self) -> None:
        """Begin, and go on until `stop`; BrokerError where the broker refuses the first attempt."""
        self._subscriber.start()
        self._reader.start()
        self._writer.start()

    def stop(self) -> None:
        """Finish the batches at hand, acknowledge them, and disconnect; the broker keeps what comes from here on."""
        self._stopping.set()
        for thread in (self._reader, self._writer):
            if thread.is_alive():
                thread.join(_STOP_S)
        self._subscriber.stop()

    def _read_on(self) -> None:
        """Check the next batch while the writer waits for the database."""
        config = self._config
        while not self._stopping.is_set():
            deliveries = self._subscriber.take(config.batch, config.wait_ms / 1000.0)
            if deliveries:
                self._heard = time.monotonic()
                self._read.put((deliveries, self.intake.read(deliveries)))
        self._read.put(None)

    def _write_on(self) -> None:
        while (read := self._read.get()) is not None:
            deliveries, batch = read
            if self._is_written(batch):
                self._subscriber.acknowledge(deliveries)

    def _is_written(self, batch: Batch) -> bool:
        """Whether all is committed that is to be; False where we stop before the database is back."""
        pause, longest = _RETRY_S
        said = ""
        while True:
            try:
                self.intake.store(batch)
            except StoreUnavailable as error:
                if str(error) != said:  # once per outage
                    log.warning("%s; trying again", error)
                    said = str(error)
            except StoreError:
                log.exception("a batch of %d messages is lost; please report it", len(batch.readings))
                return True
            else:
                return True
            if self._stopping.wait(pause):
                return False
            pause = min(2 * pause, longest)
