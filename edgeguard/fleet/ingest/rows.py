"""Messages as rows."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest.reading import FromDevice
from edgeguard.fleet.store.ledger import Entry
from edgeguard.fleet.store.sums import columns_of
from edgeguard.telemetry.messages import Ack, Alert, State, Summary

_SAME: Final = (
    "seq", "source", "kind", "raised", "windows", "suppressed", "window_start", "score", "value", "threshold",
    "predicted", "confidence", "probabilities",
)  # fmt: skip


class Place(NamedTuple):
    """Where a message belongs, and when."""

    device_id: int
    boot_id: int
    bundle_id: int
    at_ms: int
    received_ms: int


def device_ms(message: FromDevice) -> int:
    """A message's time by the device's clock."""
    return message.to_ms if isinstance(message, Summary) else message.time_ms


def clock_offset_ms(told_ms: int, received_ms: int, config: Ingest) -> int | None:
    """A device's clock minus ours where that cannot be, else None."""
    offset = told_ms - received_ms
    right = -config.clock_behind_days * DAY_MS <= offset <= config.clock_ahead_s * 1000
    return None if right else offset


def of_summary(message: Summary, place: Place) -> dict[str, Any]:
    """A row of ``summaries``."""
    return {
        "device_id": place.device_id,
        "at_ms": place.at_ms,
        "boot_id": place.boot_id,
        "seq": message.seq,
        "source": message.source,
        "bundle_id": place.bundle_id,
        "from_ms": message.from_ms,
        "to_ms": message.to_ms,
        "received_ms": place.received_ms,
        "waiting": message.waiting,
        "battery": message.battery,
        **columns_of(message.tally),
    }


def of_alert(message: Alert, place: Place) -> dict[str, Any]:
    """A row of ``alerts``."""
    return {
        **place._asdict(),
        **{name: getattr(message, name) for name in _SAME},
        "exit_probabilities": list(message.exit_probabilities),
    }


def of_answer(message: Ack, entry: Entry) -> dict[str, Any]:
    """An answer as `store.incoming.answer_commands` takes it."""
    told = {"id": message.id, "done": message.done, "reason": message.reason}
    return {**told, "device_id": entry.device_id, "at_ms": entry.at_ms}


def bundle_sha256(message: FromDevice) -> str | None:
    """The model that a message names."""
    if isinstance(message, Ack):
        return None
    return message.bundle.sha256 if isinstance(message, State) else message.bundle_sha256
