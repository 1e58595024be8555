from __future__ import annotations

import pytest
from sqlalchemy import delete

from edgeguard.errors import NotFound
from edgeguard.fleet.actions import alarms as actions
from edgeguard.fleet.store import alarms as store
from edgeguard.fleet.store import tables as t
from tests.fleet.small_fleet import HOSTILE, NOW_MS, alarm, fill, person, put


@pytest.fixture
def filled(database):
    """Alarm 7 of d3, as `fill` makes it, labelled V; 8 of d1, older, closed, somebody's, of threshold 0."""
    fill(database)
    someone = person(database, "clinician")
    with database.writing() as connection:
        put(connection, t.alarms, alarm(
            8, 1, began_ms=NOW_MS - 5000, status="closed", kind="drift", threshold=0.0, confidence=0.9,
            assignee_id=someone.actor.user_id, windows=9,
        ))  # fmt: skip
        put(connection, t.labels, {
            "device_id": 3, "boot": "0" * 16, "source": "ecg", "window_start": 7, "at_ms": 1, "bundle_id": 2,
            "predicted": "N", "probabilities": {}, "label": "V", "origin": "alarm", "alarm_id": 7, "labelled_ms": 5,
            "user_id": someone.actor.user_id,
        })  # fmt: skip
    return database


def listed(database, **asked):
    with database.reading() as connection:
        found = store.alarms(connection, **asked)
        assert found.total == len(found.rows)
        assert sorted(
            row.id for row in store.each_alarm(connection, **{k: v for k, v in asked.items() if k != "sort"})
        ) == (sorted(row.id for row in found.rows))
        return [row.id for row in found.rows]


def test_filters(filled):
    assert listed(filled) == [8, 7]
    assert listed(filled, status="open") == listed(filled, kind="window") == listed(filled, device_id=3) == [7]
    assert listed(filled, assignee_id=0) == listed(filled, label="V") == listed(filled, search="/D3") == [7]
    assert listed(filled, assignee_id=1) == listed(filled, label="none") == listed(filled, from_ms=NOW_MS - 5000) == [8]
    assert listed(filled, to_ms=NOW_MS - 5000) == [7]
    assert listed(filled, bundle_id=1) == listed(filled, search="%") == listed(filled, label="' OR 1=1") == []


def test_every_sort_key_lists_all(filled):
    for sort in store.SORTS:
        assert sorted(listed(filled, sort=sort)) == [7, 8]
    assert listed(filled, sort="excess") == [7, 8]  # 8 has none: its threshold is 0
    assert listed(filled, sort="windows") == [7, 8]


def test_a_row_says_all_of_itself(filled):
    with filled.reading() as connection:
        row = store.alarm(connection, 7).row
    assert (row.fleet, row.device, row.model, row.label, row.comments, row.assignee) == (
        "ward",
        "d3",
        HOSTILE,
        "V",
        0,
        None,
    )
    assert row.excess == pytest.approx(3)


def test_one_alarm_with_what_people_said(filled):
    someone = person(filled, "admin")
    actions.comment(filled, someone.actor, 7, f"  {HOSTILE} ", NOW_MS)
    with filled.reading() as connection:
        found = store.alarm(connection, 7)
        with pytest.raises(NotFound, match="no alarm number 9"):
            store.alarm(connection, 9)
    assert found.label == store.Label("V", "clinician", 5)
    assert [(one.user, one.text) for one in found.comments] == [("admin", HOSTILE)]
    assert (found.boot, found.seq, found.probabilities) == ("0" * 16, 7, {HOSTILE: 0.6, "N": 0.4})


def test_what_people_said_outlives_them(filled):
    with filled.writing() as connection:
        connection.execute(delete(t.users))
    with filled.reading() as connection:
        assert store.alarm(connection, 7).label == store.Label("V", None, 5)
