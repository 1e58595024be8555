"""What has changed since a moment, found by indexes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from edgeguard.fleet.store.tables import alarms, devices

_MOST: Final = 1000  # of a kind, in one look


@dataclass(frozen=True)
class DeviceChange:
    """A device that messages have come from; what is told is what its row says now."""

    id: int
    fleet: str
    device: str
    status: str
    last_seen_ms: int
    battery: float | None
    open_alarms: int


@dataclass(frozen=True)
class AlarmChange:
    """An alarm that began, ended, or that somebody did something with."""

    id: int
    device_id: int
    fleet: str
    device: str
    kind: str
    status: str
    began_ms: int
    ended_ms: int | None
    value: float
    threshold: float
    changed_ms: int


@dataclass(frozen=True)
class Changes:
    """What has changed up to `at_ms`.

    Attributes:
        at_ms: The server's clock at the look.
        complete: False where some changes before were left out: load anew.
    """

    at_ms: int
    devices: list[DeviceChange]
    alarms: list[AlarmChange]
    complete: bool = True


def changes_since(connection: Connection, since_ms: int, now_ms: int) -> Changes:
    """What has changed at `since_ms` or later; at most 1000 devices and 1000 alarms, else not `complete`."""
    names = ("id", "fleet", "device", "status", "last_seen_ms", "battery", "open_alarms")
    seen = select(*(devices.c[name] for name in names)).where(devices.c.last_seen_ms >= since_ms)
    found = [DeviceChange(*row) for row in connection.execute(seen.order_by(devices.c.last_seen_ms).limit(_MOST + 1))]
    changed = [AlarmChange(*row) for row in connection.execute(_alarms(since_ms))]
    complete = len(found) <= _MOST and len(changed) <= _MOST
    return Changes(now_ms, found[:_MOST], changed[:_MOST], complete)


def _alarms(since_ms: int) -> Select[Any]:
    own = (alarms.c[name] for name in ("kind", "status", "began_ms", "ended_ms", "value", "threshold", "changed_ms"))
    return (
        select(alarms.c.id, alarms.c.device_id, devices.c.fleet, devices.c.device, *own)
        .join(devices, devices.c.id == alarms.c.device_id)
        .where(alarms.c.changed_ms >= since_ms)
        .order_by(alarms.c.changed_ms)
        .limit(_MOST + 1)
    )
