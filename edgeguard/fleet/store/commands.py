"""Commands that were sent to devices, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from edgeguard.fleet.store.tables import commands as table
from edgeguard.fleet.store.tables import devices, users
from edgeguard.telemetry.messages import Command

_NAMES: Final = ("id", "sent_ms", "action", "interval_s", "answered_ms", "done", "reason")


@dataclass(frozen=True)
class CommandRow:
    """A command; not yet answered where `done` is None.

    Attributes:
        interval_s: Of ``set_interval``.
        done: Whether the device carried it out.
        reason: Why not; it comes from the device.
        user: Who sent it; None where the account is gone.
    """

    id: str
    sent_ms: int
    action: str
    interval_s: float | None
    answered_ms: int | None
    done: bool | None
    reason: str
    user: str | None


def commands(connection: Connection, device_id: int, limit: int = 20) -> list[CommandRow]:
    """Of one device, the newest first."""
    columns: list[ColumnElement[Any]] = [*(table.c[name] for name in _NAMES), users.c.name]
    query = select(*columns).outerjoin(users, users.c.id == table.c.user_id)
    query = query.where(table.c.device_id == device_id).order_by(table.c.sent_ms.desc(), table.c.id).limit(limit)
    return [CommandRow(*row) for row in connection.execute(query)]


def add(connection: Connection, command: Command, device_id: int, user_id: int | None) -> None:
    """Write down what is about to be sent."""
    values = {"id": command.id, "sent_ms": command.time_ms, "action": command.action, "interval_s": command.interval_s}
    connection.execute(insert(table).values(**values, device_id=device_id, user_id=user_id))


def fail(connection: Connection, command_id: str, reason: str, now_ms: int) -> None:
    """Note that a command never went out."""
    values = {"answered_ms": now_ms, "done": False, "reason": reason[:200]}
    connection.execute(update(table).where(table.c.id == command_id).values(**values))


def forget_device(connection: Connection, device_id: int) -> None:
    """Take the device out, with all that hangs on it by reference."""
    connection.execute(delete(devices).where(devices.c.id == device_id))
