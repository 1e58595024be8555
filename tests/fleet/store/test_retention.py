from __future__ import annotations

import threading

import numpy as np
import pytest
from sqlalchemy import func, insert, select

from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store import partitions, retention
from edgeguard.fleet.store.rollups import roll_up
from edgeguard.fleet.store.tables import audit, days, hours, quarantine, summaries
from tests.fleet.rows import summary, take_in, tally

TODAY = 20_000
NOW = TODAY * DAY_MS + 1_000


def put(database, first, *ages_days):
    rng = np.random.default_rng(first)
    with database.writing() as connection:
        take_in(connection, [summary(first + k, NOW - age * DAY_MS, tally(rng)) for k, age in enumerate(ages_days)])


def ages(database, column):
    with database.reading() as connection:
        return sorted(TODAY - day for day in connection.execute(select(column // DAY_MS)).scalars())


@pytest.mark.parametrize("partitioned", [False, True])
def test_summaries_of_whole_old_days_go_and_their_sums_stay(database, partitioned):
    put(database, 0, 0, 1, 2, 3)
    if partitioned:
        with database.writing() as connection:
            partitions.prepare(connection, NOW)
    roll_up(database)
    assert retention.drop_summaries(database, 2, NOW)
    assert ages(database, summaries.c.at_ms) == [0, 1, 2]
    assert ages(database, hours.c.bucket_ms) == [0, 1, 2, 3]
    assert not retention.drop_summaries(database, 2, NOW)


def test_nothing_goes_that_is_not_rolled_up(database):
    put(database, 0, 5)
    assert not retention.drop_summaries(database, 2, NOW)
    assert ages(database, summaries.c.at_ms) == [5]


def test_hours_go_after_their_summaries_and_days_stay(database):
    put(database, 0, 0, 3, 5)
    roll_up(database)
    assert not retention.drop_hours(database, 1, NOW)
    retention.drop_summaries(database, 4, NOW)
    assert retention.drop_hours(database, 1, NOW)
    assert ages(database, hours.c.bucket_ms) == [0, 3]
    assert ages(database, days.c.bucket_ms) == [0, 3, 5]


def test_a_late_summary_of_a_dropped_day_is_added_to_its_sums_and_goes(database):
    put(database, 0, 3)
    roll_up(database)
    retention.drop_summaries(database, 2, NOW)
    put(database, 10, 3)
    roll_up(database)
    assert ages(database, summaries.c.at_ms) == []
    with database.reading() as connection:
        tallies = [tally(np.random.default_rng(first)) for first in (0, 10)]
        assert connection.execute(select(days.c.windows)).scalar_one() == sum(one.windows for one in tallies)


def test_what_ingest_commits_meanwhile_is_not_dropped_uncounted(postgres_database):
    put(postgres_database, 0, 5)
    roll_up(postgres_database)
    with postgres_database.writing() as ingest:
        take_in(ingest, [summary(9, NOW - 5 * DAY_MS, tally(np.random.default_rng(9)))])
        dropping = threading.Thread(target=retention.drop_summaries, args=(postgres_database, 2, NOW))
        dropping.start()
        dropping.join(0.3)
    dropping.join()
    assert ages(postgres_database, summaries.c.at_ms) == [5, 5]


def test_the_quarantine_and_the_audit_log_end_somewhere(database):
    set_aside = {"topic": "t", "reason": "r", "size": 1, "payload": b"x"}
    with database.writing() as connection:
        for age in (1, 40):
            at = NOW - age * DAY_MS
            connection.execute(insert(quarantine).values(received_ms=at, **set_aside))
            connection.execute(insert(audit).values(at_ms=at, name="n", action="a", subject="s", details={}))
    assert retention.drop_quarantine(database, 30, NOW) == 1
    assert retention.drop_audit(database, 30, NOW) == 1
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(quarantine)).scalar_one() == 1
