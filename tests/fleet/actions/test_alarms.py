from __future__ import annotations

import pytest
from sqlalchemy import select

from edgeguard.errors import DataError, Forbidden, NotFound
from edgeguard.fleet.actions import alarms as actions
from edgeguard.fleet.actor import SYSTEM
from edgeguard.fleet.store import alarms as store
from edgeguard.fleet.store import audit, devices
from edgeguard.fleet.store import tables as t
from tests.fleet.small_fleet import NOW_MS, alarm, fill, person, put


@pytest.fixture
def filled(database):
    fill(database)
    with database.writing() as connection:
        put(connection, t.alarms, alarm(8))
    return database


def statuses(database):
    with database.reading() as connection:
        return dict(connection.execute(select(t.alarms.c.id, t.alarms.c.status).order_by(t.alarms.c.id)).all())


def test_several_alarms_are_changed_at_once_and_every_change_is_in_the_log(filled):
    clinician = person(filled, "clinician").actor
    actions.acknowledge(filled, clinician, [7, 8, 7], NOW_MS)
    assert statuses(filled) == {7: "acknowledged", 8: "acknowledged"}
    with filled.reading() as connection:
        entries = audit.entries(connection, action="alarm.").rows
        assert store.alarm(connection, 7).row.changed_ms == NOW_MS
    assert [(one.name, one.action, one.subject) for one in entries] == [
        ("clinician", "alarm.acknowledge", f"alarm {number}") for number in (8, 7)
    ]


def test_all_or_none(filled):
    with pytest.raises(NotFound, match="no alarm number 99"):
        actions.close(filled, SYSTEM, [7, 99], NOW_MS)
    assert statuses(filled) == {7: "open", 8: "open"}


def test_the_fleet_page_counts_open_alarms_at_once(filled):
    actions.close(filled, SYSTEM, [7], NOW_MS)
    with filled.reading() as connection:
        assert devices.device(connection, "ward", "d3").open_alarms == 1
    actions.close(filled, SYSTEM, [8], NOW_MS)
    with filled.reading() as connection:
        assert devices.counts(connection).attacked == 0
    actions.reopen(filled, SYSTEM, [7], NOW_MS)
    with filled.reading() as connection:
        assert devices.counts(connection).attacked == 1


def test_alarms_are_assigned_to_users_and_taken_back(filled):
    someone = person(filled, "viewer").actor
    actions.assign(filled, SYSTEM, [7], someone.user_id, NOW_MS)
    with filled.reading() as connection:
        assert store.alarm(connection, 7).row.assignee == "viewer"
    actions.assign(filled, SYSTEM, [7], None, NOW_MS)
    with filled.reading() as connection:
        assert store.alarm(connection, 7).row.assignee is None
    with pytest.raises(NotFound, match="no user number 99"):
        actions.assign(filled, SYSTEM, [7], 99, NOW_MS)


def test_texts_and_numbers_are_bounded(filled):
    for text in ("", "  ", "a" * 4001, "a\x00b"):
        with pytest.raises(DataError, match="comment"):
            actions.comment(filled, SYSTEM, 7, text, NOW_MS)
    for ids in ([], range(1, 502)):
        with pytest.raises(DataError, match="alarms at once: name 1 to 500"):
            actions.close(filled, SYSTEM, ids, NOW_MS)


def test_a_viewer_changes_nothing(filled):
    viewer = person(filled, "viewer").actor
    for attempt in (actions.acknowledge, actions.close, actions.reopen):
        with pytest.raises(Forbidden, match="viewer may not label"):
            attempt(filled, viewer, [7], NOW_MS)
    with pytest.raises(Forbidden):
        actions.assign(filled, viewer, [7], None, NOW_MS)
    with pytest.raises(Forbidden):
        actions.comment(filled, viewer, 7, "seen", NOW_MS)
