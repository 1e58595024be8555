"""What people do with devices."""

from __future__ import annotations

import secrets
from typing import Literal

from edgeguard.errors import BrokerError, DataError
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import audit, commands, devices
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.devices import DeviceRow
from edgeguard.telemetry.messages import Command, encode
from edgeguard.telemetry.topics import Address

Action = Literal["ping", "set_interval", "self_test", "reload_bundle"]


def send_command(
    parts: Parts, actor: Actor, device: DeviceRow, action: Action, interval_s: float | None, now_ms: int
) -> str:
    """Send a command; its id, under which `store.commands` shows the answer.

    Raises:
        Forbidden: not theirs to do.
        DataError: `interval_s` does not fit the action, or is out of range.
        BrokerError: no broker is configured or connected; nothing was sent.
    """
    actor.must("manage")
    if parts.send is None:
        raise BrokerError("no broker is configured, so no command can be sent: set broker.url in the config file")
    command = _command(action, interval_s, now_ms)
    with parts.database.writing() as connection:  # before it goes out: the answer may come at once
        commands.add(connection, command, device.id, actor.user_id)
        details = {"interval_s": interval_s} if interval_s is not None else {}
        audit.record(connection, actor, f"device.{action}", f"device {device.fleet}/{device.device}", details, now_ms)
    try:
        parts.send(Address(device.fleet, device.device), command)
    except BrokerError as error:
        with parts.database.writing() as connection:
            commands.fail(connection, command.id, str(error), now_ms)
        raise
    return command.id


def forget(database: Database, actor: Actor, fleet: str, device: str, now_ms: int) -> None:
    """Take a device out, with its alarms, labels and boots; it is new where it sends again. Forbidden, NotFound."""
    actor.must("manage")
    with database.writing() as connection:
        row = devices.device(connection, fleet, device)
        commands.forget_device(connection, row.id)
        audit.record(connection, actor, "device.forget", f"device {fleet}/{device}", {}, now_ms)


def _command(action: Action, interval_s: float | None, now_ms: int) -> Command:
    try:
        command = Command(id=secrets.token_hex(8), time_ms=now_ms, action=action, interval_s=interval_s)
        encode(command)
    except ValueError as error:
        raise DataError(f"the command {action} cannot be sent: {error}") from error
    return command
