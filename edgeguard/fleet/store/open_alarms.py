"""What `devices` says of the alarms that nobody has closed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_

from edgeguard.fleet.store.tables import alarms

# A window over the threshold by chance is over within some windows; a drift or slowdown takes its time to be over.
LASTING_MS: Final = 300_000
SLOW_LASTING_MS: Final = 3_600_000


def columns(now_ms: int) -> dict[str, ColumnElement[Any]]:
    """Column of `devices` -> its aggregate over the device's alarms that `unclosed` holds for."""
    of_window = alarms.c.kind == "window"
    lasting_window = and_(of_window, alarms.c.began_ms < now_ms - LASTING_MS)
    lasts = and_(alarms.c.ended_ms.is_(None), or_(lasting_window, alarms.c.began_ms < now_ms - SLOW_LASTING_MS))
    return {
        "open_alarms": func.count(),
        "largest_alarm": func.coalesce(func.max(case((of_window, alarms.c.windows))), 0),
        "lasting_alarms": func.coalesce(func.sum(case((lasts, 1), else_=0)), 0),
    }


def unclosed() -> ColumnElement[bool]:
    """Alarms that nobody has closed."""
    return alarms.c.status != "closed"
