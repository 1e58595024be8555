from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
import pytest
from sqlalchemy import delete, func, select

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store import closed, rollups
from edgeguard.fleet.store.rollups import roll_up
from edgeguard.fleet.store.tables import class_days, class_hours, days, hours, stale_hours, summaries
from edgeguard.telemetry.tally import NOTHING, Tally
from tests.fleet.rows import numbers, summary, take_in, tally

START = 20_000 * DAY_MS


def some_summaries(rng, first, count):
    """Of three devices with two sources and two models, over four days."""
    return [
        summary(
            first + k,
            START + int(rng.integers(0, 4 * DAY_MS)),
            tally(rng),
            device_id=int(rng.integers(1, 4)),
            source=str(rng.choice(["ecg", "eeg"])),
            bundle_id=int(rng.integers(1, 3)),
            battery=float(rng.uniform()) if rng.uniform() < 0.5 else None,
        )
        for k in range(count)
    ]


def sums_of(rows, length):
    """The oracle: tallies added one by one, by bucket."""
    sums = defaultdict(lambda: NOTHING)
    for row in rows:
        key = (row["device_id"], row["at_ms"] - row["at_ms"] % length, row["source"], row["bundle_id"])
        sums[key] += msgspec.json.decode(row["tally"], type=Tally)
    return dict(sums)


def assert_exact(connection, table, by_class, expected):
    found = {row[:4]: row for row in connection.execute(
        select(table.c.device_id, table.c.bucket_ms, table.c.source, table.c.bundle_id, table)
    )}  # fmt: skip
    assert found.keys() == expected.keys()
    for key, one in expected.items():
        stored = msgspec.json.decode(found[key].tally, type=Tally)
        assert numbers(stored) == pytest.approx(numbers(one))
        assert found[key].windows == one.windows
        assert found[key].rejected == sum(one.rejected.values())
        assert found[key].disagreement_sum == pytest.approx(one.disagreement.sum)
    counted = connection.execute(select(func.sum(by_class.c.predictions), func.sum(by_class.c.probability_sum))).one()
    given = sum(sum(one.predictions.values()) for one in expected.values())
    assert counted == (given, pytest.approx(given))


def assert_all_exact(database, rows):
    with database.reading() as connection:
        assert_exact(connection, hours, class_hours, sums_of(rows, HOUR_MS))
        assert_exact(connection, days, class_days, sums_of(rows, DAY_MS))


@pytest.mark.parametrize("seed", range(3))
def test_hours_and_days_are_the_sums_of_all_summaries_however_late(database, seed):
    rng = np.random.default_rng(seed)
    rows = []
    for turn in range(4):
        rows += (fresh := some_summaries(rng, 1000 * turn, 60))
        with database.writing() as connection:
            take_in(connection, fresh)
        assert roll_up(database) > 0
        assert roll_up(database) == 0
    assert_all_exact(database, rows)


def drop(connection, kind, table, time, before):
    connection.execute(delete(table).where(time < before))
    closed.close(connection, kind, before)


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_after_its_hour_was_dropped_is_added_to_what_is_left(database, seed):
    rng = np.random.default_rng(seed)
    rows = []
    for turn in range(5):
        rows += (fresh := some_summaries(rng, 1000 * turn, 40))
        with database.writing() as connection:
            take_in(connection, fresh)
        roll_up(database)
        with database.writing() as connection:
            drop(connection, "summaries", summaries, summaries.c.at_ms, START + turn * DAY_MS)
    assert_all_exact(database, rows)


def test_days_go_on_when_their_hours_are_gone(database):
    rng = np.random.default_rng(5)
    rows = some_summaries(rng, 0, 50)
    with database.writing() as connection:
        take_in(connection, rows)
    roll_up(database)
    for first in (1000, 2000):
        with database.writing() as connection:
            drop(connection, "summaries", summaries, summaries.c.at_ms, START + DAY_MS)
            drop(connection, "hours", hours, hours.c.bucket_ms, START + DAY_MS)
            late = some_summaries(rng, first, 50)
            take_in(connection, late)
        rows += late
        roll_up(database)
    with database.reading() as connection:
        expected = sums_of(rows, DAY_MS)
        assert_exact(connection, days, class_days, expected)
        assert connection.execute(select(func.min(hours.c.bucket_ms))).scalar_one() >= START + DAY_MS


def test_the_battery_of_an_hour_is_the_lowest(database):
    rng = np.random.default_rng(0)
    with database.writing() as connection:
        take_in(connection, [summary(k, START + k, tally(rng), battery=b) for k, b in enumerate([0.8, None, 0.3])])
    roll_up(database)
    with database.reading() as connection:
        assert connection.execute(select(hours.c.battery)).scalar_one() == 0.3
        assert connection.execute(select(days.c.battery)).scalar_one() == 0.3


def test_roll_ups_beside_ingest_and_each_other_lose_nothing(database):
    rng = np.random.default_rng(1)
    parts = [some_summaries(rng, 1000 * k, 5) for k in range(40)]
    ingested = threading.Event()

    def ingest(some):
        for rows in some:
            with database.writing() as connection:
                take_in(connection, rows)

    def keep_rolling():
        while not ingested.is_set():
            roll_up(database)

    with ThreadPoolExecutor(4) as pool:
        rollers = [pool.submit(keep_rolling) for _ in range(2)]
        writers = [pool.submit(ingest, parts[k::2]) for k in range(2)]
        for writer in writers:
            writer.result()
        ingested.set()
        for roller in rollers:
            roller.result()
    roll_up(database)
    assert_all_exact(database, [row for rows in parts for row in rows])


def test_a_row_committed_while_its_hour_is_summed_stays_queued(postgres_database):
    """Taking off the queue first makes the later row's own entry outlive the roll-up that cannot see it."""
    rng = np.random.default_rng(2)
    rows = [summary(seq, START, tally(rng)) for seq in range(2)]
    with postgres_database.writing() as connection:
        take_in(connection, rows[:1])
    with postgres_database.writing() as ingest:
        take_in(ingest, rows[1:])
        assert roll_up(postgres_database) == 1
    assert roll_up(postgres_database) == 1
    assert_all_exact(postgres_database, rows)


def test_it_stops_when_it_is_enough(database, monkeypatch):
    monkeypatch.setattr(rollups, "_DEVICES", 1)
    monkeypatch.setattr(rollups, "_PARTS", 1)
    rng = np.random.default_rng(3)
    with database.writing() as connection:
        take_in(connection, [summary(k, START, tally(rng), device_id=k) for k in range(5)])
    turns = iter([False, False])
    assert roll_up(database, enough=lambda: next(turns, True)) == 2
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(stale_hours)).scalar_one() == 3
