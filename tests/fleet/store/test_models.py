from __future__ import annotations

import pytest
from sqlalchemy import update

from edgeguard.errors import NotFound
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import models as store
from edgeguard.fleet.store import tables as t
from edgeguard.fleet.store.models import Change
from tests.fleet.small_fleet import NOW_MS, SINCE_MS, add_hours, fill, put


@pytest.fixture
def filled(database):
    fill(database)
    return database


def changes(database, bundle_id=2):
    with database.reading() as connection:
        return store.changes(connection, bundle_id, NOW_MS)


def test_equal_time_before_and_after_without_the_hour_of_the_change(filled):
    # ten hours ago: the nine whole hours since then, and the nine before
    assert changes(filled) == [Change(k, 900, 90, 18, 900, 90, 9 * (6 + k)) for k in (1, 2, 3)]


def test_the_shorter_side_counts(filled):
    with filled.writing() as connection:
        for device_id, hours in ((1, 2), (2, 0)):
            first = (t.deployments.c.device_id == device_id, t.deployments.c.bundle_id == 1)
            connection.execute(update(t.deployments).where(*first).values(since_ms=SINCE_MS - hours * HOUR_MS - 1))
    assert [(row.device_id, row.windows_before, row.windows_after) for row in changes(filled)] == [
        (1, 200, 200),
        (3, 900, 900),
    ]


def test_other_models_in_those_hours_do_not_count(filled):
    with filled.writing() as connection:
        put(connection, t.bundles, {"id": 3, "sha256": "c" * 64, "first_seen_ms": 0})
        add_hours(connection, 1, -8, -5, 3, alarms=50)
    assert changes(filled)[0] == Change(1, 900, 90, 18, 900, 90, 63)


def test_a_model_without_a_predecessor_cannot_be_compared(filled):
    assert changes(filled, 1) == []
    with pytest.raises(NotFound, match="no model number 9"):
        changes(filled, 9)


def test_which_model_is_on_how_many_devices(filled):
    with filled.reading() as connection:
        second, first = store.models(connection)
    assert (second.devices, second.online, second.since_ms, second.newest_ms, second.ever) == (
        3,
        2,
        SINCE_MS,
        SINCE_MS,
        3,
    )
    assert (first.devices, first.online, first.since_ms, first.newest_ms, first.ever) == (0, 0, None, None, 3)


def test_a_rollout_step_by_step(filled):
    with filled.writing() as connection:
        back = (t.deployments.c.device_id == 1) & (t.deployments.c.bundle_id == 2)
        connection.execute(update(t.deployments).where(back).values(until_ms=NOW_MS - 5 * HOUR_MS))
        put(connection, t.deployments, {"device_id": 1, "bundle_id": 1, "since_ms": NOW_MS - 5 * HOUR_MS})
    with filled.reading() as connection:
        found = store.rollout(connection, NOW_MS - 12 * HOUR_MS, NOW_MS, 5)
    assert found.at_ms == [NOW_MS - k * HOUR_MS for k in (12, 9, 6, 3, 0)]
    assert found.devices == {1: [3, 0, 0, 1, 1], 2: [0, 3, 3, 2, 2]}
