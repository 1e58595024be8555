"""The columns of `devices` that the fleet page sorts by: sums over the last 24 hours, and open alarms."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Select, func, or_, select, update

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import open_alarms
from edgeguard.fleet.store.tables import alarms, devices, hours

_COLUMNS: Final = (
    "windows_day",
    "rejected_day",
    "alarms_day",
    "disagreement_day",
    "open_alarms",
    "largest_alarm",
    "lasting_alarms",
)


def refresh(connection: Connection, now_ms: int) -> int:
    """Bring them up to date for every device where they have changed: how many.

    The day is the running hour and the 23 before it. Devices that ingest is writing at this moment are left for the
    next time: whoever waits for nobody is in no deadlock.
    """
    fresh = _fresh(now_ms).with_for_update(of=devices, skip_locked=True).subquery()
    values = {name: fresh.c[name] for name in _COLUMNS}
    return connection.execute(update(devices).values(values).where(devices.c.id == fresh.c.id)).rowcount


def _fresh(now_ms: int) -> Select[tuple[int, ...]]:
    """The devices for which other figures hold than theirs, with those."""
    given = func.sum(hours.c.windows - hours.c.rejected)
    day = (
        select(
            hours.c.device_id,
            func.sum(hours.c.windows).label("windows_day"),
            func.sum(hours.c.rejected).label("rejected_day"),
            func.sum(hours.c.alarms).label("alarms_day"),
            (func.sum(hours.c.disagreement_sum) / func.nullif(given, 0)).label("disagreement_day"),
        )
        .where(hours.c.bucket_ms >= now_ms - now_ms % HOUR_MS - 23 * HOUR_MS)
        .group_by(hours.c.device_id)
        .subquery()
    )
    in_queue = [column.label(name) for name, column in open_alarms.columns(now_ms).items()]
    waiting = select(alarms.c.device_id, *in_queue).where(open_alarms.unclosed())
    waiting_of = waiting.group_by(alarms.c.device_id).subquery()
    counts = [func.coalesce(day.c[name], 0).label(name) for name in _COLUMNS[:3]]
    queue = [func.coalesce(waiting_of.c[name], 0).label(name) for name in _COLUMNS[4:]]
    figures = [*counts, day.c.disagreement_day, *queue]
    changed = [devices.c[name].is_distinct_from(figure) for name, figure in zip(_COLUMNS, figures, strict=True)]
    joined = devices.outerjoin(day, day.c.device_id == devices.c.id)
    joined = joined.outerjoin(waiting_of, waiting_of.c.device_id == devices.c.id)
    return select(devices.c.id, *figures).select_from(joined).where(or_(*changed))
