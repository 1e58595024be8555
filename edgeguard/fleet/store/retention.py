"""What is dropped when its time is over; sums over days, alarms and labels are kept for good."""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, exists, select

from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store import closed, partitions, rollups
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.tables import audit, class_hours, hours, quarantine, stale_hours, summaries


def drop_summaries(database: Database, keep_days: int, now_ms: int) -> bool:
    """Drop the summaries of whole days that are `keep_days` old: whether; not before all of them are rolled up."""
    before = _start_of_day(now_ms, keep_days)
    with database.writing() as connection:
        if before <= closed.before_ms(connection, "summaries"):
            return False
        rollups.alone(connection)
        partitions.hold_still(connection)  # what ingest commits until here is seen by the next line
        if _stale_before(connection, before):
            return False
        closed.close(connection, "summaries", before)
        partitions.drop_before(connection, before)
        connection.execute(delete(summaries).where(summaries.c.at_ms < before))
        return True


def drop_hours(database: Database, keep_days: int, now_ms: int) -> bool:
    """Drop the hours of whole days that are `keep_days` old: whether; never those whose summaries are still there."""
    with database.writing() as connection:
        before = min(_start_of_day(now_ms, keep_days), closed.before_ms(connection, "summaries"))
        if before <= closed.before_ms(connection, "hours"):
            return False
        rollups.alone(connection)
        if _stale_before(connection, before):
            return False
        closed.close(connection, "hours", before)
        for table in (hours, class_hours):
            connection.execute(delete(table).where(table.c.bucket_ms < before))
        return True


def drop_quarantine(database: Database, keep_days: int, now_ms: int) -> int:
    """Drop what was set aside `keep_days` ago: how many rows."""
    return _drop(database, quarantine, "received_ms", now_ms - keep_days * DAY_MS)


def drop_audit(database: Database, keep_days: int, now_ms: int) -> int:
    """Drop lines of the audit log that are `keep_days` old: how many."""
    return _drop(database, audit, "at_ms", now_ms - keep_days * DAY_MS)


def _drop(database: Database, table: Table, time: str, before: int) -> int:
    with database.writing() as connection:
        return connection.execute(delete(table).where(table.c[time] < before)).rowcount


def _start_of_day(now_ms: int, days_ago: int) -> int:
    return (now_ms // DAY_MS - days_ago) * DAY_MS


def _stale_before(connection: Connection, before: int) -> bool:
    return bool(connection.execute(select(exists().where(stale_hours.c.bucket_ms < before))).scalar_one())
