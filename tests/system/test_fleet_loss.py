"""Ingest workers, broker and database killed while a fleet sends: every message becomes one row."""

from __future__ import annotations

import random

from benchmarks.faults.broker import ON_EXIT
from benchmarks.fleet_loss.chaos import BROKER_STOPPED, DATABASE_CRASHED, WORKER_KILLED, Fault
from benchmarks.fleet_loss.site import Site
from benchmarks.fleet_loss.traffic import traffic
from benchmarks.fleet_loss.trial import run
from tests.postgres import postgres_for  # noqa: F401 - skips where there is no PostgreSQL

KINDS = (WORKER_KILLED, DATABASE_CRASHED, BROKER_STOPPED, WORKER_KILLED)


def test_every_message_is_one_row(tmp_path, mosquitto_for, postgres_for):  # noqa: F811 - the fixture
    faults = [Fault(number / 5, kind) for number, kind in enumerate(KINDS, start=1)]
    with Site(tmp_path, ON_EXIT) as site:
        outcome = run(site, traffic(600, 10, 0), faults, random.Random(0), 200.0, print)
    assert outcome.complaints() == []
    assert outcome.account.rows == 600
