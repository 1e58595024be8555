from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from edgeguard.fleet import live as module
from edgeguard.fleet.actions import alarms
from edgeguard.fleet.actor import SYSTEM
from edgeguard.fleet.live import Listener, Live
from edgeguard.fleet.store import tables as t
from edgeguard.fleet.store.changes import Changes, changes_since
from tests.brokers import eventually
from tests.fleet.small_fleet import NOW_MS, fill

LATER_MS = NOW_MS + 60_000


@pytest.fixture
def filled(new_database, sqlite_template):
    database = module.Database(new_database("sqlite", sqlite_template))
    fill(database)
    yield database
    database.close()


def seen(database, device_id, at_ms, **values):
    with database.writing() as connection:
        connection.execute(update(t.devices).where(t.devices.c.id == device_id).values(last_seen_ms=at_ms, **values))


def test_each_change_is_told_once_to_all(filled):
    async def listen():
        live = Live(filled, lambda: LATER_MS, every_s=0.01)
        with live.subscribe() as one, live.subscribe() as other:
            seen(filled, 1, LATER_MS, status="stopped")
            told = await one.next(5)
            assert await one.next(0.1) is None
            assert await other.next(5) == told
            alarms.close(filled, SYSTEM, [7], LATER_MS)
            return told, await one.next(5)

    told, second = asyncio.run(listen())
    assert [(one.device, one.status) for one in told.devices] == [("d1", "stopped")]
    assert [(one.id, one.status) for one in second.alarms] == [(7, "closed")]


def test_what_is_committed_late_is_told_too(filled):
    async def listen():
        live = Live(filled, lambda: LATER_MS, every_s=0.01)
        with live.subscribe() as listener:
            seen(filled, 1, LATER_MS)
            await listener.next(5)
            seen(filled, 2, LATER_MS - 9)  # another worker's transaction, begun before
            return await listener.next(5)

    assert [one.device for one in asyncio.run(listen()).devices] == ["d2"]


def test_a_slow_listener_loses_the_oldest_and_knows_it():
    async def listen():
        listener = Listener()
        for k in range(20):
            listener.tell(Changes(k, [], []))
        await asyncio.sleep(0.01)
        return [await listener.next() for _ in range(16)]

    found = asyncio.run(listen())
    assert [one.at_ms for one in found] == list(range(4, 20))
    assert [one.complete for one in found] == [False] + [True] * 15


def test_it_polls_only_while_somebody_listens_and_lives_through_an_outage(filled, monkeypatch, caplog):
    asked = []

    def fail_once(connection, since_ms, now_ms):
        asked.append(since_ms)
        if len(asked) == 1:
            raise module.EdgeGuardError("the database is away")
        return changes_since(connection, since_ms, now_ms)

    monkeypatch.setattr(module, "changes_since", fail_once)

    async def listen():
        live = Live(filled, lambda: NOW_MS, every_s=0.01)
        with live.subscribe() as listener:
            await listener.next(5)
        return live

    live = asyncio.run(listen())
    assert "the database is away" in caplog.text
    eventually(lambda: not live._polling)
    assert live.listeners == 0


def test_more_changes_than_are_told_are_not_complete(database, monkeypatch):
    fill(database)
    monkeypatch.setattr("edgeguard.fleet.store.changes._MOST", 2)
    with database.reading() as connection:
        found = changes_since(connection, NOW_MS, NOW_MS)
        assert (len(found.devices), found.complete) == (2, False)
        assert changes_since(connection, NOW_MS + 1, NOW_MS) == Changes(NOW_MS, [], [])
