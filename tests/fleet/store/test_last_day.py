from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import insert, select, update

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import last_day
from edgeguard.fleet.store.open_alarms import LASTING_MS
from edgeguard.fleet.store.rollups import roll_up
from edgeguard.fleet.store.tables import alarms, boots, devices
from tests.fleet.rows import add_bundle, add_devices, summary, take_in, tally

HOUR = 480_000 * HOUR_MS
NOW = HOUR + 600_000


def alarm(device_id, seq, status):
    return {
        "device_id": device_id, "boot_id": 1, "seq": seq, "began_ms": NOW, "windows": 1, "source": "ecg",
        "kind": "window", "bundle_id": 1, "window_start": 0, "score": "s", "value": 1.0, "threshold": 0.5,
        "predicted": "normal", "confidence": 0.9, "probabilities": {}, "exit_probabilities": [], "status": status,
        "changed_ms": NOW,
    }  # fmt: skip


def filled(database):
    """Device 1 with an hour within the day, one just before it, and three alarms; device 2 with nothing."""
    rng = np.random.default_rng(0)
    tallies = [tally(rng, most=20) for _ in range(2)]
    with database.writing() as connection:
        add_devices(connection, 2, windows_day=7)
        add_bundle(connection)
        connection.execute(insert(boots).values(device_id=1, boot="b", first_ms=0, last_ms=0, received="", messages=0,
                                                missing=0))  # fmt: skip
        take_in(connection, [summary(0, HOUR - 23 * HOUR_MS, tallies[0]), summary(1, HOUR - 24 * HOUR_MS, tallies[1])])
        statuses = enumerate(["open", "acknowledged", "closed"])
        connection.execute(insert(alarms), [alarm(1, seq, status) for seq, status in statuses])
    roll_up(database)
    return tallies[0]


def figures(database):
    columns = (devices.c.windows_day, devices.c.rejected_day, devices.c.alarms_day, devices.c.disagreement_day)
    queue = (devices.c.open_alarms, devices.c.largest_alarm, devices.c.lasting_alarms)
    with database.reading() as connection:
        return connection.execute(select(*columns, *queue).order_by(devices.c.id)).all()


def test_the_last_24_hours_and_the_alarms_that_nobody_has_closed(database):
    expected = filled(database)
    with database.writing() as connection:
        assert last_day.refresh(connection, NOW) == 2
        assert last_day.refresh(connection, NOW) == 0
    one, other = figures(database)
    rejected = sum(expected.rejected.values())
    assert one[:3] == (expected.windows, rejected, expected.alarms)
    assert one[3:] == (pytest.approx(expected.disagreement.mean), 2, 1, 0)
    assert other == (0, 0, 0, None, 0, 0, 0)


def test_an_alarm_that_goes_on_for_minutes_is_told_from_one_that_just_began(database):
    filled(database)
    with database.writing() as connection:
        for now_ms, lasting in ((NOW + LASTING_MS, 0), (NOW + LASTING_MS + 1, 2)):
            last_day.refresh(connection, now_ms)
            assert (
                connection.execute(select(devices.c.lasting_alarms).order_by(devices.c.id)).scalars().first() == lasting
            )


def test_a_device_that_is_being_written_is_left_for_the_next_time(postgres_database):
    database = postgres_database
    filled(database)
    with database.writing() as ingest:
        ingest.execute(update(devices).where(devices.c.id == 1).values(waiting=3))
        with database.writing() as connection:
            assert last_day.refresh(connection, NOW) == 1
    with database.writing() as connection:
        assert last_day.refresh(connection, NOW) == 1
