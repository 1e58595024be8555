"""What the alarm queue says of itself: how many alarms wait, and which is the last that came."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from edgeguard.fleet.store.tables import alarms


@dataclass(frozen=True)
class QueueState:
    """Alarms by status, and the highest number that one has; 0 where there is none."""

    open: int
    acknowledged: int
    closed: int
    newest_id: int


def state(connection: Connection) -> QueueState:
    """Of all alarms."""
    counted = select(alarms.c.status, func.count(), func.max(alarms.c.id)).group_by(alarms.c.status)
    rows = {status: (count, newest) for status, count, newest in connection.execute(counted)}
    counts = {name: rows.get(name, (0, 0))[0] for name in ("open", "acknowledged", "closed")}
    return QueueState(**counts, newest_id=max((newest for _, newest in rows.values()), default=0))
