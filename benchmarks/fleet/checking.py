"""Whether the sums that were filled in are those that the program makes of the same summaries."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import Row, Table, insert, select

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.rollups import roll_up
from edgeguard.fleet.store.tables import class_days, class_hours, days, hours, stale_hours


def check_sums(database: Database, devices: list[int], now_ms: int) -> int:
    """Roll up yesterday's hours of some devices anew: how many rows there are; ValueError where one has changed."""
    day = (now_ms // DAY_MS - 1) * DAY_MS
    before = _rows(database, devices, day)
    with database.writing() as connection:
        stale = [{"device_id": k, "bucket_ms": day + h * HOUR_MS} for k in devices for h in range(24)]
        connection.execute(insert(stale_hours), stale)
    roll_up(database)
    after = _rows(database, devices, day)
    if before.keys() != after.keys() or not before:
        raise ValueError(f"{len(before)} rows were filled in, {len(after)} are rolled up")
    for key, row in before.items():
        if not all(_same(*pair) for pair in zip(row, after[key], strict=True)):
            raise ValueError(f"{key}: {row} was filled in, {after[key]} is rolled up")
    return len(after)


def _rows(database: Database, devices: list[int], day: int) -> dict[tuple[Any, ...], Row[Any]]:
    found = {}
    with database.reading() as connection:
        for table in (hours, class_hours, days, class_days):
            numbers = [column for column in table.c if column.name != "tally"]
            of_day = (table.c.bucket_ms >= day, table.c.bucket_ms < day + DAY_MS)
            for row in connection.execute(select(*numbers).where(table.c.device_id.in_(devices), *of_day)):
                found[(table.name, *row[: _keys(table)])] = row
    return found


def _keys(table: Table) -> int:
    return len(table.primary_key.columns)


def _same(a: Any, b: Any) -> bool:
    return math.isclose(a, b, rel_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else a == b
