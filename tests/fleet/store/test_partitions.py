from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sqlalchemy import func, select, text

from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store import closed, partitions
from edgeguard.fleet.store.tables import summaries
from tests.fleet.rows import summary, take_in, tally

TODAY = 20_000
NOW = TODAY * DAY_MS + 12_345


def put(database, *days, first=0):
    rng = np.random.default_rng(0)
    rows = [summary(first + k, day * DAY_MS + k, tally(rng)) for k, day in enumerate(days)]
    with database.writing() as connection:
        take_in(connection, rows)


def prepare(database):
    with database.writing() as connection:
        return partitions.prepare(connection, NOW)


def in_default(database):
    with database.reading() as connection:
        return connection.execute(text("SELECT count(*) FROM summaries_default")).scalar_one()


def test_there_are_partitions_for_the_days_ahead_and_none_twice(database):
    expected = 0 if database.dialect == "sqlite" else 3
    assert prepare(database) == expected
    assert prepare(database) == 0
    with database.reading() as connection:
        assert partitions.days(connection) == list(range(TODAY, TODAY + expected))


def test_rows_of_any_time_are_taken_and_kept(database):
    put(database, TODAY, TODAY - 3, TODAY + 9, 0)
    prepare(database)
    put(database, TODAY, first=10)
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(summaries)).scalar_one() == 5


def test_rows_without_a_partition_are_moved_once_it_is_made(postgres_database):
    put(postgres_database, TODAY, TODAY - 3, TODAY - 3, TODAY + 9)
    assert in_default(postgres_database) == 4
    assert prepare(postgres_database) == 5
    assert in_default(postgres_database) == 0
    put(postgres_database, TODAY, TODAY - 3, TODAY + 9, first=10)
    assert in_default(postgres_database) == 0


def test_a_day_that_is_closed_gets_no_partition(postgres_database):
    with postgres_database.writing() as connection:
        closed.close(connection, "summaries", TODAY * DAY_MS)
    put(postgres_database, TODAY - 1)
    assert prepare(postgres_database) == 3


def test_old_partitions_are_dropped_whole(postgres_database):
    put(postgres_database, TODAY - 2, TODAY - 1, TODAY)
    prepare(postgres_database)
    with postgres_database.writing() as connection:
        assert partitions.drop_before(connection, TODAY * DAY_MS - 1) == 1
    with postgres_database.reading() as connection:
        assert connection.execute(select(summaries.c.at_ms // DAY_MS)).scalars().all() == [TODAY - 1, TODAY]


def test_many_prepare_while_rows_come_in(database):
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(prepare, database) for _ in range(3)]
        for day in range(TODAY, TODAY + 5):
            put(database, day)
        assert sum(one.result() for one in made) <= 5
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(summaries)).scalar_one() == 5
