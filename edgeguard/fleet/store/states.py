"""What devices say of themselves: whether they are there, and which model they run."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from edgeguard.fleet.store import upsert
from edgeguard.fleet.store.incoming import Known
from edgeguard.fleet.store.tables import alarms, boots, bundles, deployments, devices, presence
from edgeguard.telemetry.messages import State


@dataclass(frozen=True)
class Told:
    """A state as it counts.

    Attributes:
        state: The message.
        bundle_id: Of its model.
        time_ms: Its own time, or when it came where its clock is wrong.
        received_ms: When it came.
    """

    state: State
    bundle_id: int
    time_ms: int
    received_ms: int

    @property
    def at_ms(self) -> int:
        """Since when it holds: a last will bears the time at which it was left with the broker."""
        return self.received_ms if self.state.status == "offline" else self.time_ms


def is_newer(told: Told, known: Known) -> bool:
    """Whether it says something that the row does not; of equal times the end of a connection is the later one."""
    fresh = (told.time_ms, told.state.status != "online")
    return fresh > (known.status_ms, known.status not in ("online", "unknown"))


def take(connection: Connection, told: Told, known: Known) -> Known:
    """Write a state of a locked device that is newer than its row; the row as it is now."""
    state = told.state
    now = Known(known.id, state.status, told.time_ms, state.boot, told.bundle_id)
    connection.execute(
        update(devices)
        .where(devices.c.id == known.id)
        .values(
            status=now.status,
            status_ms=now.status_ms,
            boot=now.boot,
            bundle_id=now.bundle_id,
            software=state.software,
            sources=list(state.sources) if state.status == "online" else devices.c.sources,
        )
    )
    if (known.status, known.boot) != (now.status, now.boot):
        row = {"device_id": known.id, "at_ms": told.at_ms, "status": state.status, "boot": state.boot}
        connection.execute(insert(presence).values(row))
    if known.bundle_id != now.bundle_id:
        _name(connection, told)
        _deploy(connection, told, known)
    if (known.boot, known.bundle_id) != (now.boot, now.bundle_id):
        _end_alarms(connection, told, now)
    return now


def _name(connection: Connection, told: Told) -> None:
    bundle = told.state.bundle
    nameless = (bundles.c.id == told.bundle_id, bundles.c.name == "")
    connection.execute(update(bundles).where(*nameless).values(name=bundle.name, version=bundle.version))


def _deploy(connection: Connection, told: Told, known: Known) -> None:
    running = (deployments.c.device_id == known.id, deployments.c.until_ms.is_(None))
    connection.execute(update(deployments).where(*running).values(until_ms=told.time_ms))
    row = {"device_id": known.id, "bundle_id": told.bundle_id, "since_ms": told.time_ms}
    again = upsert.insert(connection, deployments).values(row)
    connection.execute(
        again.on_conflict_do_update(
            index_elements=["device_id", "since_ms"], set_={"bundle_id": told.bundle_id, "until_ms": None}
        )
    )


def _end_alarms(connection: Connection, told: Told, now: Known) -> None:
    """Alarms of an earlier start or of another model are over."""
    boot = select(boots.c.id).where(boots.c.device_id == now.id, boots.c.boot == now.boot)
    other = alarms.c.boot_id.not_in(boot) | (alarms.c.bundle_id != now.bundle_id)
    later = alarms.c.ended_ms.is_(None) | (alarms.c.ended_ms > told.time_ms)
    active = (alarms.c.device_id == now.id, later, alarms.c.began_ms <= told.time_ms)
    ended = {"ended_ms": told.time_ms, "changed_ms": told.received_ms}
    connection.execute(update(alarms).where(*active, other).values(ended))
