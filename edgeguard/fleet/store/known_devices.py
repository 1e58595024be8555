"""Devices by address, for files that name many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert, select

from edgeguard.fleet.store.tables import devices

_IN_ONE = 1000  # names in one statement

Key = tuple[str, str]  # fleet, device


def device_numbers(connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
    """The ids of those of the devices that are known."""
    wanted = set(keys)
    names = sorted({device for _, device in wanted})
    found: dict[Key, int] = {}
    for begin in range(0, len(names), _IN_ONE):
        some = names[begin : begin + _IN_ONE]
        rows = connection.execute(
            select(devices.c.fleet, devices.c.device, devices.c.id).where(devices.c.device.in_(some))
        )
        found.update(((fleet, device), number) for fleet, device, number in rows if (fleet, device) in wanted)
    return found


def register(connection: Connection, keys: Sequence[Key], now_ms: int) -> None:
    """Take in devices that have sent nothing yet."""
    rows = [
        {"fleet": fleet, "device": device, "first_seen_ms": now_ms, "last_seen_ms": now_ms} for fleet, device in keys
    ]
    if rows:
        connection.execute(insert(devices), rows)
