"""The database that the pages are measured on must be one that the program could have written."""

from __future__ import annotations

from sqlalchemy import func, select

from benchmarks.fleet import filling
from benchmarks.fleet.checking import check_sums
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store.tables import days, devices, hours, summaries
from tests.postgres import (  # noqa: F401 - fixtures
    database,
    new_database,
    postgres,
    postgres_for,
    postgres_template,
    sqlite_template,
)

NOW = 20_000 * DAY_MS + 15 * HOUR_MS


def test_it_has_what_the_shape_says_with_the_programs_own_sums(database, monkeypatch):  # noqa: F811 - the fixture
    monkeypatch.setattr(filling, "PATTERNS", 1)
    filling.Filling(filling.Shape(devices=3, days=4, raw_days=3), NOW).into(database)
    with database.reading() as connection:
        worn_today = 12 + 12 + (15 - 3)  # put on at 1, 2 and 3 o'clock
        count = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                 for table in (devices, summaries, hours, days)}  # fmt: skip
    assert count == {
        "devices": 3, "summaries": (2 * 36 + worn_today) * 12, "hours": 3 * 36 + worn_today, "days": 3 * 4,
    }  # fmt: skip
    assert check_sums(database, [1, 2, 3], NOW) == 3 * 12 * 4 + 3 * 4
