from __future__ import annotations

import pytest
from sqlalchemy import update

from edgeguard.errors import NotFound
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store import devices as store
from edgeguard.fleet.store import tables as t
from tests.fleet.small_fleet import HOSTILE, NOW_MS, fill, put


@pytest.fixture
def filled(database):
    fill(database)
    return database


def change(database, device_id, **values):
    with database.writing() as connection:
        connection.execute(update(t.devices).where(t.devices.c.id == device_id).values(**values))


def listed(database, **asked):
    with database.reading() as connection:
        return [row.device for row in store.devices(connection, **asked).rows]


def test_the_attacked_come_first_then_the_drifting_then_the_offline(filled):
    change(filled, 1, clock_offset_ms=7_200_000)
    assert listed(filled) == ["d3", "d1", "d2"]
    assert listed(filled, descending=True) == ["d2", "d1", "d3"]
    assert listed(filled, attention=True) == ["d3", "d1", "d2"]


def test_each_reason_to_look_is_named_and_counts_once_in_the_score(filled):
    change(filled, 1, clock_offset_ms=-5, limited=3, limited_ms=NOW_MS - HOUR_MS, missing=4)
    with filled.writing() as connection:
        connection.execute(update(t.boots).where(t.boots.c.device_id == 1).values(missing=4))
    with filled.reading() as connection:
        rows = {row.device: (row.attention, row.score) for row in store.devices(connection).rows}
    assert rows == {"d1": (["clock", "flood", "losing"], 4), "d2": (["offline"], 2), "d3": (["attacked"], 8)}


@pytest.mark.parametrize(
    ("largest", "over", "reason"),
    [(29, 27, "alarms"), (30, 1, "attacked"), (1, 28, "attacked")],  # of 900 windows that the model was given
)
def test_short_alarms_are_no_attack_unless_they_are_more_than_chance_gives(filled, largest, over, reason):
    change(filled, 1, open_alarms=2, largest_alarm=largest, alarms_day=over, windows_day=1000, rejected_day=100)
    with filled.reading() as connection:
        assert store.device(connection, "ward", "d1").attention == [reason]


def test_a_flood_or_a_loss_of_long_ago_is_no_reason_to_look(filled):
    change(filled, 1, limited=3, limited_ms=NOW_MS - 2 * DAY_MS, missing=4)
    assert listed(filled, attention=True) == ["d3", "d2"]


def test_every_sort_key_lists_all(filled):
    for sort in store.SORTS:
        for descending in (False, True):
            assert sorted(listed(filled, sort=sort, descending=descending)) == ["d1", "d2", "d3"]


def test_empty_values_come_last_in_both_directions(filled):
    change(filled, 2, battery=0.2)
    change(filled, 3, battery=0.9)
    assert listed(filled, sort="battery") == ["d2", "d3", "d1"]
    assert listed(filled, sort="battery", descending=True) == ["d3", "d2", "d1"]


def test_filters(filled):
    assert listed(filled, search="WARD/D3") == ["d3"]
    assert listed(filled, search="%") == listed(filled, search="d_") == listed(filled, search="' OR 1=1 --") == []
    assert listed(filled, status="online", sort="device") == ["d1", "d3"]
    assert listed(filled, status="attacked") == ["d3"]
    assert listed(filled, status="drifting") == listed(filled, bundle_id=1) == []
    assert listed(filled, sort="device", limit=1, offset=1) == ["d2"]


def test_the_total_counts_what_the_filters_let_through(filled):
    with filled.reading() as connection:
        assert store.devices(connection, status="online", limit=1).total == 2
        assert [row.device for row in store.each_device(connection, status="online")] == ["d1", "d3"]


def test_one_device_comes_with_its_model(filled):
    with filled.reading() as connection:
        row = store.device(connection, "ward", "d3")
        assert (row.model, row.version, row.sources) == (HOSTILE, "2", [HOSTILE])
        with pytest.raises(NotFound, match="no device 'd4' in the fleet 'ward'"):
            store.device(connection, "ward", "d4")


def test_counts(filled):
    with filled.reading() as connection:
        counts = store.counts(connection)
    assert counts == store.FleetCounts(3, 2, 0, 1, 0, attacked=1, drifting=0, open_alarms=1)


def test_counts_of_no_devices(database):
    with database.reading() as connection:
        assert store.counts(connection) == store.FleetCounts(0, 0, 0, 0, 0, 0, 0, 0)


def test_presence_begins_with_what_held_before(filled):
    with filled.writing() as connection:
        rows = [(10, "online"), (20, "offline"), (30, "online"), (40, "stopped")]
        put(connection, t.presence, *({"device_id": 1, "at_ms": at, "status": s, "boot": "b"} for at, s in rows))
    with filled.reading() as connection:
        found = store.presence(connection, 1, 25, 40)
    assert [(row.at_ms, row.status) for row in found] == [(20, "offline"), (30, "online")]


def test_boots_newest_first(filled):
    with filled.writing() as connection:
        put(connection, t.boots, {
            "id": 9, "device_id": 1, "boot": "f" * 16, "first_ms": 5, "last_ms": 9, "received": "1-3,5", "messages": 4,
            "missing": 1,
        })  # fmt: skip
    with filled.reading() as connection:
        assert [(row.boot[0], row.missing) for row in store.boots(connection, 1)] == [("f", 1), ("0", 0)]
