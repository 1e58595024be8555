from __future__ import annotations

import logging

import numpy as np
import pytest
from sqlalchemy import func, insert, select

from edgeguard.errors import StoreUnavailable
from edgeguard.fleet import upkeep
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.schema_version import migrate
from edgeguard.fleet.store.tables import days, devices, quarantine, stale_hours, summaries
from edgeguard.fleet.upkeep import Upkeep, run_once
from tests.brokers import eventually
from tests.fleet.rows import add_bundle, add_devices, summary, take_in, tally

NOW = 20_000 * DAY_MS + 5_000
CONFIG = FleetConfig()


def fill(database, age_days=0, first=0):
    with database.writing() as connection:
        take_in(connection, [summary(first, NOW - age_days * DAY_MS, tally(np.random.default_rng(3)))])


def count(database, table):
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """The calls of the fairness alerts, which have tests of their own."""
    calls = []
    monkeypatch.setattr(upkeep.fairness_alerts, "watch", lambda *words: calls.append(words))
    return calls


@pytest.fixture
def peopled(database):
    with database.writing() as connection:
        add_devices(connection, 1)
        add_bundle(connection)
    return database


def test_once_sums_shows_and_drops(peopled):
    fill(peopled)
    fill(peopled, age_days=CONFIG.database.summaries_days + 1, first=1)
    old = {"received_ms": 0, "topic": "t", "reason": "r", "size": 1, "payload": b"x"}
    with peopled.writing() as connection:
        connection.execute(insert(quarantine).values(old))
    assert run_once(peopled, CONFIG, NOW) == []
    assert [count(peopled, table) for table in (stale_hours, days, summaries, quarantine)] == [0, 2, 1, 0]
    with peopled.reading() as connection:
        assert connection.execute(select(devices.c.windows_day)).scalar_one() > 0


@pytest.mark.parametrize("error", [StoreUnavailable("away"), KeyError("a mistake")])
def test_a_step_that_fails_is_logged_and_stops_no_other(peopled, monkeypatch, caplog, watched, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(upkeep.rollups, "roll_up", fail)
    with caplog.at_level(logging.WARNING):
        assert run_once(peopled, CONFIG, NOW) == ["roll-ups"]
    assert "roll-ups" in caplog.text
    assert watched == [(peopled, CONFIG.fairness, NOW)]


def test_it_goes_on_in_the_background_until_it_is_stopped(peopled):
    going = Upkeep(peopled, CONFIG, lambda: NOW, pause_s=0.01)
    going.start()
    for first in range(2):
        fill(peopled, first=first)
        eventually(lambda: count(peopled, stale_hours) == 0)
    going.stop()
    fill(peopled, first=9)
    assert count(peopled, stale_hours) == 1


def test_it_survives_a_database_that_goes_away(postgres_for, caplog):
    server = postgres_for().start()
    database = Database(server.url())
    migrate(database)
    going = Upkeep(database, CONFIG, lambda: NOW, pause_s=0.01)
    going.start()
    server.stop("immediate")
    eventually(lambda: "cannot be used" in caplog.text)
    server.start()
    fill(database)
    eventually(lambda: count(database, stale_hours) == 0)
    going.stop()
    database.close()
