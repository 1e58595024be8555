"""One batch of messages in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest import rows
from edgeguard.fleet.ingest.reading import Numbered, Reading, Refusal, Why, refused
from edgeguard.fleet.ingest.registration import Registration
from edgeguard.fleet.store import incoming, ledger, pairing, states
from edgeguard.fleet.store.database import Connection
from edgeguard.fleet.store.incoming import Change, Known
from edgeguard.telemetry.messages import Ack, State, Summary
from edgeguard.telemetry.subscriber import Delivery
from edgeguard.telemetry.topics import Address


class Transaction:
    """Writes one batch over `connection`; where that is rolled back, nothing of this object is to be kept.

    Args:
        connection: In a transaction.
        config: The config file's.
        ids: Devices that are known already; those found or added are put in.
        now_ms: The server's clock.

    Attributes:
        ids: As above.
        refusals: Found on the way.
        counts: Rows by kind, and ``duplicates``.
    """

    def __init__(self, connection: Connection, config: Ingest, ids: dict[Address, int], now_ms: int) -> None:
        self.ids = ids
        self.refusals: list[Refusal] = []
        self.counts: Counter[str] = Counter()
        self._connection, self._config, self._now_ms = connection, config, now_ms
        self._bundles: dict[str, int] = {}
        self._known: dict[int, Known] = {}
        self._changes: dict[int, Change] = {}

    def write(self, readings: Sequence[Reading], limited: Mapping[Address, int], registration: Registration) -> None:
        """Write a batch; `limited`: how many messages of a device were refused for their number."""
        sha256s = (rows.bundle_sha256(reading.message) for reading in readings)
        self._bundles = incoming.bundle_ids(self._connection, {one for one in sha256s if one}, self._now_ms)
        self._register(readings, limited, registration)
        numbered: list[tuple[Numbered, ledger.Entry, Reading]] = []
        for reading in readings:
            address, message, delivery = reading
            if (device_id := self.ids.get(address)) not in self._known:
                self.refusals.append(refused(delivery, registration.reason, address, Why.UNKNOWN))
                self.ids.pop(address, None)  # its row is gone: whoever deleted it may want it back
            elif isinstance(message, State):
                self._state(device_id, message, delivery)
            else:
                numbered.append((message, self._entry(device_id, message, delivery), reading))
        self._write_once(numbered)
        for address, messages in limited.items():
            if (device_id := self.ids.get(address)) in self._known:
                change = self._change(device_id)
                change.limited, change.limited_ms = messages, self._now_ms
        incoming.change_devices(self._connection, self._changes)

    def _register(
        self, readings: Sequence[Reading], limited: Mapping[Address, int], registration: Registration
    ) -> None:
        """Find the devices, take new ones in, and lock the rows of all."""
        first_ms = {reading.address: reading.delivery.received_ms for reading in reversed(readings)}
        self._look_up([*first_ms, *limited])
        if unknown := [address for address in first_ms if address not in self.ids]:
            taken = registration.admitted(self._connection, unknown, self._now_ms)
            if taken:
                incoming.add_devices(self._connection, {address: first_ms[address] for address in taken})
                self._look_up(taken)
        concerned = {self.ids[address] for address in (*first_ms, *limited) if address in self.ids}
        self._known = incoming.lock_devices(self._connection, concerned)

    def _look_up(self, addresses: Iterable[Address]) -> None:
        if unknown := [address for address in addresses if address not in self.ids]:
            self.ids.update(incoming.device_ids(self._connection, unknown))

    def _state(self, device_id: int, state: State, delivery: Delivery) -> None:
        at_ms, offset_ms = self._time(state.time_ms, delivery.received_ms)
        told = states.Told(state, self._bundles[state.bundle.sha256], at_ms, delivery.received_ms)
        change = self._change(device_id)
        if state.status == "online":
            change.last_seen_ms = delivery.received_ms
            if not delivery.retained:
                change.told_time, change.clock_offset_ms = True, offset_ms
        else:
            change.last_seen_ms = max(change.last_seen_ms, at_ms)
        known = self._known[device_id]
        if states.is_newer(told, known):
            self._known[device_id] = states.take(self._connection, told, known)
            self.counts["states"] += 1

    def _entry(self, device_id: int, message: Numbered, delivery: Delivery) -> ledger.Entry:
        """The message's line in the ledger; what it says of its device is noted."""
        at_ms, offset_ms = self._time(rows.device_ms(message), delivery.received_ms)
        change = self._change(device_id)
        change.last_seen_ms = delivery.received_ms
        change.told_time, change.clock_offset_ms = True, offset_ms
        if isinstance(message, Summary):
            change.waiting = message.waiting
            if message.dropped:
                change.dropped = msgspec.json.encode(message.dropped).decode()
            if message.battery is not None:
                change.battery = message.battery
        return ledger.Entry(device_id, message.boot, message.seq, at_ms)

    def _write_once(self, numbered: Sequence[tuple[Numbered, ledger.Entry, Reading]]) -> None:
        """Write messages that bear a number, each once."""
        entered = ledger.enter(self._connection, [entry for _, entry, _ in numbered])
        for device_id, missing in entered.missing.items():
            self._change(device_id).missing = missing
        made: dict[str, list[dict[str, Any]]] = {"summaries": [], "alerts": [], "answers": []}
        for (message, entry, reading), (boot_id, novelty) in zip(numbered, entered.found, strict=True):
            if novelty is ledger.Novelty.NEW:
                kind, row = self._row(message, entry, boot_id, reading.delivery.received_ms)
                made[kind].append(row)
            elif novelty is ledger.Novelty.KNOWN:
                self.counts["duplicates"] += 1
            else:
                reason = f"its numbers leave more than {ledger.MOST_RANGES} gaps since the device's start"
                self.refusals.append(refused(reading.delivery, reason, reading.address))
        incoming.put_summaries(self._connection, made["summaries"])
        pairing.put(self._connection, made["alerts"], self._known, self._now_ms)
        incoming.answer_commands(self._connection, made["answers"])
        self.counts.update({kind: len(values) for kind, values in made.items()})

    def _row(
        self, message: Numbered, entry: ledger.Entry, boot_id: int, received_ms: int
    ) -> tuple[str, dict[str, Any]]:
        if isinstance(message, Ack):
            return "answers", rows.of_answer(message, entry)
        bundle_id = self._bundles[message.bundle_sha256]
        place = rows.Place(entry.device_id, boot_id, bundle_id, entry.at_ms, received_ms)
        if isinstance(message, Summary):
            return "summaries", rows.of_summary(message, place)
        return "alerts", rows.of_alert(message, place)

    def _time(self, told_ms: int, received_ms: int) -> tuple[int, int | None]:
        """When it was, and by how much the device's clock is wrong, if it is."""
        offset_ms = rows.clock_offset_ms(told_ms, received_ms, self._config)
        return told_ms if offset_ms is None else received_ms, offset_ms

    def _change(self, device_id: int) -> Change:
        if (change := self._changes.get(device_id)) is None:
            change = self._changes[device_id] = Change()
        return change
