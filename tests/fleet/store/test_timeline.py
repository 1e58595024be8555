from __future__ import annotations

import pytest

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store import tables as t
from edgeguard.fleet.store import timeline as module
from edgeguard.fleet.store.sums import columns_of
from edgeguard.fleet.store.timeline import timeline
from tests.fleet.small_fleet import NOW_MS, SINCE_MS, add_hours, fill, put, tally

MINUTE = 60_000


@pytest.fixture
def filled(database):
    fill(database)
    return database


def read(database, from_ms, to_ms, **asked):
    with database.reading() as connection:
        return timeline(connection, 3, from_ms, to_ms, **asked)


def add_summaries(database, count, source="ecg"):
    columns = columns_of(tally(windows=10, rejected=0))
    fixed = {"device_id": 3, "boot_id": 3, "source": source, "bundle_id": 2, "received_ms": 0, "waiting": 0, **columns}
    times = [(k, NOW_MS - k * MINUTE) for k in range(count)]
    with database.writing() as connection:
        put(connection, t.summaries, *(
            {**fixed, "seq": k, "at_ms": at, "from_ms": at - MINUTE, "to_ms": at} for k, at in times
        ))  # fmt: skip


def test_short_spans_read_summaries_and_longer_ones_hours(filled):
    add_summaries(filled, 30)
    found = read(filled, NOW_MS - HOUR_MS, NOW_MS + 1)
    assert (found.resolution, sum(found.figures.windows)) == ("summaries", 300)
    week = read(filled, NOW_MS - 7 * DAY_MS, NOW_MS)
    assert (week.resolution, sum(filter(None, week.figures.windows))) == ("hours", 4000)


def test_where_summaries_were_let_go_or_are_too_many_hours_are_read(filled, monkeypatch):
    assert read(filled, NOW_MS - 5 * HOUR_MS, NOW_MS).resolution == "hours"
    add_summaries(filled, 30)
    monkeypatch.setattr(module, "_MOST_ROWS", 29)
    assert read(filled, NOW_MS - HOUR_MS, NOW_MS + 1).resolution == "hours"


def test_years_read_days(filled):
    with filled.writing() as connection:
        columns = columns_of(tally())
        put(connection, t.days, *(
            {"device_id": 3, "bucket_ms": NOW_MS - k * DAY_MS, "source": "ecg", "bundle_id": 1, **columns}
            for k in range(1, 401)
        ))  # fmt: skip
    found = read(filled, NOW_MS - 400 * DAY_MS, NOW_MS, points=50)
    assert (found.resolution, found.figures.windows) == ("days", [800] * 50)


def test_hours_that_are_missing_are_a_gap(filled):
    with filled.writing() as connection:
        add_hours(connection, 3, -50, -45, 1)
    found = read(filled, NOW_MS - 50 * HOUR_MS, NOW_MS, points=1000).figures
    assert [k for k, value in enumerate(found.windows) if value is None] == [5]


def test_one_source_alone(filled):
    add_summaries(filled, 5, source="ppg")
    assert read(filled, NOW_MS - HOUR_MS, NOW_MS + 1, source="ppg").figures.windows == [10] * 5


def test_what_else_happened_then(filled):
    found = read(filled, NOW_MS - 12 * HOUR_MS, NOW_MS)
    assert [(one.version, one.since_ms, one.until_ms) for one in found.deployments] == [
        ("1", NOW_MS - 40 * HOUR_MS, SINCE_MS),
        ("2", SINCE_MS, None),
    ]
    assert [one.id for one in found.alarms] == [7]
    assert read(filled, NOW_MS - 12 * HOUR_MS, NOW_MS - 2 * HOUR_MS).alarms == []
