"""Devices: the list, one device's figures, its starts, commands to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from edgeguard.errors import DataError
from edgeguard.fleet.actions import devices as actions
from edgeguard.fleet.api.answer import json_answer
from edgeguard.fleet.api.asked import Admin, Reader, Served
from edgeguard.fleet.api.filters import DevicePage
from edgeguard.fleet.api.limits import Ms, PathName, Search, Strict
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store import devices as store
from edgeguard.fleet.store.commands import CommandRow, commands
from edgeguard.fleet.store.devices import BootRow, DeviceRow, FleetCounts
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.timeline import Timeline, timeline

LONGEST_MS = 20 * 366 * DAY_MS
router = APIRouter(prefix="/devices", tags=["devices"])


class TimelineSpan(Strict):
    """Which part of a device's history, in how many points; the last day where nothing is said."""

    from_ms: Ms | None = None
    to_ms: Ms | None = None
    points: Annotated[int, Field(ge=10, le=2000)] = 400
    source: Search = ""


class NewCommand(Strict):
    """A command; `interval_s` belongs to ``set_interval`` alone."""

    action: Literal["ping", "set_interval", "self_test", "reload_bundle"]
    interval_s: Annotated[float, Field(ge=1, le=86400)] | None = None


@dataclass(frozen=True)
class Sent:
    """A command that was sent: its answer appears under this id."""

    id: str


@router.get("", response_model=Listing[DeviceRow])
def list_devices(parts: Served, _actor: Reader, asked: Annotated[DevicePage, Query()]) -> Any:
    """Part of the device list; first those that somebody should look at."""
    with parts.database.reading() as connection:
        return json_answer(store.devices(connection, **asked.model_dump()))


@router.get("/counts")
def count_devices(parts: Served, _actor: Reader) -> FleetCounts:
    """How many devices are what."""
    with parts.database.reading() as connection:
        return store.counts(connection)


@router.get("/{fleet}/{device}")
def read_device(parts: Served, _actor: Reader, fleet: PathName, device: PathName) -> DeviceRow:
    """One device."""
    with parts.database.reading() as connection:
        return store.device(connection, fleet, device)


@router.get("/{fleet}/{device}/timeline", response_model=Timeline)
def read_timeline(
    parts: Served, _actor: Reader, fleet: PathName, device: PathName, asked: Annotated[TimelineSpan, Query()]
) -> Any:
    """A device's figures, presence, models and alarms over time."""
    to_ms = parts.now_ms() if asked.to_ms is None else asked.to_ms
    from_ms = max(0, to_ms - DAY_MS) if asked.from_ms is None else asked.from_ms
    if not 0 < to_ms - from_ms <= LONGEST_MS:
        raise DataError(f"from {from_ms} to {to_ms} is no time of at most 20 years: correct from_ms and to_ms")
    with parts.database.reading() as connection:
        device_id = store.device(connection, fleet, device).id
        return json_answer(timeline(connection, device_id, from_ms, to_ms, asked.points, asked.source or None))


@router.get("/{fleet}/{device}/boots")
def read_boots(parts: Served, _actor: Reader, fleet: PathName, device: PathName) -> list[BootRow]:
    """A device's newest 50 starts, and which messages of each are missing."""
    with parts.database.reading() as connection:
        return store.boots(connection, store.device(connection, fleet, device).id)


@router.get("/{fleet}/{device}/commands")
def read_commands(parts: Served, _actor: Reader, fleet: PathName, device: PathName) -> list[CommandRow]:
    """The newest 20 commands to a device, with their answers."""
    with parts.database.reading() as connection:
        return commands(connection, store.device(connection, fleet, device).id)


@router.post("/{fleet}/{device}/commands", status_code=202)
def send_command(parts: Served, actor: Admin, fleet: PathName, device: PathName, asked: NewCommand) -> Sent:
    """Send a command to a device."""
    with parts.database.reading() as connection:
        row = store.device(connection, fleet, device)
    return Sent(actions.send_command(parts, actor, row, asked.action, asked.interval_s, parts.now_ms()))


@router.delete("/{fleet}/{device}", status_code=204)
def forget_device(parts: Served, actor: Admin, fleet: PathName, device: PathName) -> None:
    """Take a device out, with its alarms, labels and starts; if it sends again, it is new."""
    actions.forget(parts.database, actor, fleet, device, parts.now_ms())
