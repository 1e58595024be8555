"""How the fleet and its database do, in a few numbers that are cheap to ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select, text

from edgeguard.fleet.store import settings
from edgeguard.fleet.store.devices import FleetCounts, counts
from edgeguard.fleet.store.quarantine import KINDS
from edgeguard.fleet.store.tables import alarms, boots, devices, fairness_alerts, quarantine, stale_hours

UPKEEP_KEY: Final = "upkeep_ms"  # of the settings: when the upkeep was last through
_BYTES: Final = {
    "postgresql": "SELECT pg_database_size(current_database())",
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
}
_SUMMARIES: Final = {  # as the database reckons them: to count them takes seconds
    "postgresql": "SELECT coalesce(sum(greatest(reltuples, 0)), 0) FROM pg_class JOIN pg_inherits ON inhrelid = oid"
    " WHERE inhparent = 'summaries'::regclass",
    "sqlite": "SELECT coalesce(max(rowid), 0) FROM summaries",
}


@dataclass(frozen=True)
class Health:
    """Numbers for the metrics endpoint.

    Attributes:
        messages: Received from all devices that are known.
        last_message_ms: When the newest came; None without any.
        summaries: Rows of the largest table, about.
        database_bytes: Size of the database.
        quarantined: Messages set aside, by kind.
        alarms: By status; closed ones are not counted.
        stale_hours: Sums over hours that the upkeep has to redo.
        upkeep_ms: When it was last through; None: never.
        fairness_alerts: That have not ended, by (figure, attribute).
    """

    counts: FleetCounts
    messages: int
    last_message_ms: int | None
    summaries: int
    database_bytes: int
    quarantined: dict[str, int]
    alarms: dict[str, int]
    stale_hours: int
    upkeep_ms: int | None
    fairness_alerts: dict[tuple[str, str], int]


def health(connection: Connection) -> Health:
    """The numbers now."""
    messages = select(func.coalesce(func.sum(boots.c.messages), 0))
    dialect = connection.dialect.name
    return Health(
        counts(connection),
        int(connection.execute(messages).scalar_one()),
        connection.execute(select(func.max(devices.c.last_seen_ms))).scalar_one(),
        int(connection.execute(text(_SUMMARIES[dialect])).scalar_one()),
        int(connection.execute(text(_BYTES[dialect])).scalar_one()),
        _quarantined(connection),
        _alarms(connection),
        connection.execute(select(func.count()).select_from(stale_hours)).scalar_one(),
        settings.get(connection, UPKEEP_KEY, None),
        _fairness_alerts(connection),
    )


def _quarantined(connection: Connection) -> dict[str, int]:
    found = _pairs(connection, select(quarantine.c.kind, func.sum(quarantine.c.messages)).group_by(quarantine.c.kind))
    return {name: found.get(kind, 0) for kind, name in enumerate(KINDS)}


def _alarms(connection: Connection) -> dict[str, int]:
    names = ("open", "acknowledged")
    query = select(alarms.c.status, func.count()).where(alarms.c.status.in_(names)).group_by(alarms.c.status)
    found = _pairs(connection, query)
    return {name: found.get(name, 0) for name in names}


def _fairness_alerts(connection: Connection) -> dict[tuple[str, str], int]:
    key = (fairness_alerts.c.figure, fairness_alerts.c.attribute)
    query = select(*key, func.count()).where(fairness_alerts.c.ended_ms.is_(None)).group_by(*key)
    return {(figure, attribute): count for figure, attribute, count in connection.execute(query)}


def _pairs(connection: Connection, query: Select[Any]) -> dict[Any, int]:
    return {key: int(count) for key, count in connection.execute(query)}
