"""What is refused is set aside where people can see why, within limits: nobody can fill the disk with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from edgeguard.errors import one_line
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.ingest.reading import Refusal, Why
from edgeguard.fleet.store import set_aside
from edgeguard.fleet.store.database import Connection
from edgeguard.telemetry.topics import Address

MOST_ROWS: Final = 1000  # of one worker in an hour
MOST_OF_DEVICE: Final = 60  # of one device in an hour
MOST_UNKNOWN: Final = 10  # devices a minute with a row of their own
_MINUTE_MS: Final = 60_000
_PAYLOAD: Final = 4096
_TOPIC: Final = 200

_Key = tuple[Why, Address | None]


@dataclass(frozen=True)
class Account:
    """What one worker has set aside in this hour and this minute."""

    hour: int = 0
    rows: int = 0
    of_device: Counter[Address | None] = field(default_factory=Counter)
    minute: int = 0
    open: dict[_Key, int] = field(default_factory=dict)  # rows of this minute that stand for several messages

    def at(self, now_ms: int) -> Account:
        """A copy to go on with."""
        hour, minute = now_ms // HOUR_MS, now_ms // _MINUTE_MS
        account = self if hour == self.hour else Account(hour)
        same_minute = minute == account.minute
        return replace(
            account, of_device=account.of_device.copy(), minute=minute, open=account.open.copy() if same_minute else {}
        )


def put(connection: Connection, account: Account, refusals: Iterable[Refusal], now_ms: int) -> Account:
    """Set messages aside; the account as it is once the transaction is committed.

    A malformed message has a row of its own; those over a device's rate, and those of unknown devices, share one for
    each device and minute. What is over the limits shares one a minute for all.
    """
    account = account.at(now_ms)
    rows = account.rows
    shared: dict[_Key, tuple[Refusal, int]] = {}
    for refusal in refusals:
        key = _key(account, refusal, shared, rows)
        if key is None:
            set_aside.put(connection, _row(refusal, 1))
            rows += 1
            account.of_device[refusal.address] += 1
        else:
            shared[key] = (refusal, shared[key][1] + 1 if key in shared else 1)
    for key, (refusal, messages) in shared.items():
        if key in account.open:
            set_aside.add(connection, account.open[key], messages)
        else:
            row = _row(refusal, messages) if key[1] is not None else _row_of_many(refusal, messages)
            account.open[key] = set_aside.put(connection, row)
            rows += 1
    return replace(account, rows=rows)


def _key(account: Account, refusal: Refusal, shared: dict[_Key, Any], rows: int) -> _Key | None:
    """Which row of this minute a message shares; None: it has its own."""
    why, address = refusal.why, refusal.address
    begun = account.open.keys() | shared.keys()
    if why is Why.MALFORMED:
        enough = rows >= MOST_ROWS or account.of_device[address] >= MOST_OF_DEVICE
        return (why, None) if enough else None
    if (why, address) in begun:
        return why, address
    unknown = sum(key[0] is Why.UNKNOWN for key in begun)
    enough = rows + len(shared) >= MOST_ROWS or (why is Why.UNKNOWN and unknown >= MOST_UNKNOWN)
    return why, None if enough else address


def _row(refusal: Refusal, messages: int) -> dict[str, Any]:
    delivery, address = refusal.delivery, refusal.address
    return {
        "received_ms": delivery.received_ms,
        "topic": one_line(delivery.topic)[:_TOPIC],
        "fleet": None if address is None else address.fleet,
        "device": None if address is None else address.device,
        "reason": refusal.reason,
        "size": len(delivery.payload),
        "payload": delivery.payload[:_PAYLOAD],
        "messages": messages,
        "kind": int(refusal.why),
    }


def _row_of_many(refusal: Refusal, messages: int) -> dict[str, Any]:
    last = f"too many to keep each; the last: {refusal.reason}"
    return _row(refusal, messages) | {"fleet": None, "device": None, "reason": last[:300], "payload": b""}
