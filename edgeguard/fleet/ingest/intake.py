"""Messages to committed rows, one batch after another; knows nothing of MQTT."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from edgeguard.errors import StoreError, StoreUnavailable
from edgeguard.fleet.clock import Now, unix_ms
from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest import quarantine
from edgeguard.fleet.ingest.flood import Flood
from edgeguard.fleet.ingest.reading import Reading, Refusal, Why, read, refused
from edgeguard.fleet.ingest.registration import Registration
from edgeguard.fleet.ingest.transaction import Transaction
from edgeguard.fleet.store.database import Database
from edgeguard.telemetry.subscriber import Delivery
from edgeguard.telemetry.topics import Address

log = logging.getLogger(__name__)

_REMEMBERED: Final = 200_000  # devices whose ids are not asked for again


class Batch(NamedTuple):
    """Messages that were read once, to be written once the database lets us."""

    readings: Sequence[Reading]
    refusals: Sequence[Refusal]


class Intake:
    """Takes messages in; for one thread.

    Args:
        database: Migrated.
        config: The config file's.
        now_ms: The wall clock.

    Attributes:
        counts: What became of messages so far: ``summaries``, ``alerts``, ``answers``, ``states`` that were news,
            ``duplicates``, ``refused``.
    """

    def __init__(self, database: Database, config: Ingest, now_ms: Now = unix_ms) -> None:
        self.counts: Counter[str] = Counter()
        self._database, self._config, self._now_ms = database, config, now_ms
        self._flood = Flood(config.burst, config.rate_hz)
        self._registration = Registration(config)
        self._account = quarantine.Account()
        self._ids: dict[Address, int] = {}

    def write(self, deliveries: Iterable[Delivery]) -> None:
        """Read and write messages in one transaction, or in few where the database refuses some of them.

        StoreUnavailable: nothing was written of what it was at; all can be written again, as it counts once.
        """
        self.store(self.read(deliveries))

    def read(self, deliveries: Iterable[Delivery]) -> Batch:
        """Check messages, and hold them against their devices' rates: call once for each."""
        readings: list[Reading] = []
        refusals: list[Refusal] = []
        for delivery in deliveries:
            found = read(delivery)
            if isinstance(found, Refusal):
                refusals.append(found)
            elif not self._flood.admits(found.address, delivery.received_ms):
                reason = f"more than {self._config.rate_hz:g} messages a second: see ingest.rate_hz and ingest.burst"
                refusals.append(refused(delivery, reason, found.address, Why.TOO_MANY))
            else:
                readings.append(found)
        return Batch(readings, refusals)

    def store(self, batch: Batch) -> None:
        """Write a batch; a message that the database refuses is set aside. StoreUnavailable: try again."""
        try:
            self._store(batch)
        except StoreUnavailable:
            raise
        except StoreError as error:
            for part in _parts(batch, error):
                self.store(part)

    def _store(self, batch: Batch) -> None:
        now_ms = self._now_ms()
        limited = Counter(one.address for one in batch.refusals if one.why is Why.TOO_MANY and one.address)
        with self._database.writing() as connection:
            transaction = Transaction(connection, self._config, self._ids.copy(), now_ms)
            if batch.readings or limited:
                transaction.write(batch.readings, limited, self._registration)
            refusals = [*batch.refusals, *transaction.refusals]
            account = self._account
            if refusals:
                account = quarantine.put(connection, account, refusals, now_ms)
        self._account = account
        self._ids = transaction.ids if len(transaction.ids) < _REMEMBERED else {}
        self.counts.update(transaction.counts)
        self.counts["refused"] += len(refusals)


def _parts(batch: Batch, error: StoreError) -> Sequence[Batch]:
    """What to try instead of a batch that the database refuses: its halves, or to set its only message aside."""
    readings, refusals = batch
    if not readings:
        raise error
    if len(readings) > 1 or refusals:
        half = len(readings) // 2 or 1
        return [Batch([], refusals), Batch(readings[:half], []), Batch(readings[half:], [])]
    log.error("a message of %s is set aside: %s", readings[0].address, error)
    reason = f"the database refuses it: {error}"
    return [Batch([], [refused(readings[0].delivery, reason, readings[0].address)])]
