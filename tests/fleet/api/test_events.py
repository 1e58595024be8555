from __future__ import annotations

import json

import pytest

from edgeguard.fleet.actions import alarms
from edgeguard.fleet.actor import SYSTEM
from edgeguard.fleet.api.routes import events
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import sessions
from tests.fleet.small_fleet import NOW_MS


@pytest.fixture(autouse=True)
def quick(monkeypatch, small):
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(small.parts.live, "_every_s", 0.02)


def events_of(answer):
    """Each event as (id, data); None for a heartbeat."""
    found = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(":")
        if line == ":":
            yield None
        elif line == "" and "data" in found:
            yield int(found["id"]), json.loads(found["data"])
            found = {}
        elif name:
            found[name] = value.strip()


def follow(small, **headers):
    return small.client.stream("GET", "/api/v1/events", headers={**small.viewer.bearer(), **headers}, timeout=30)


def test_what_changes_is_told(small):
    with follow(small) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = (one for one in events_of(answer) if one is not None)
        next(told)  # the devices that were seen just now
        alarms.acknowledge(small.database, SYSTEM, [7], NOW_MS)
        number, changes = next(told)
    assert number == NOW_MS
    assert [(one["id"], one["status"]) for one in changes["alarms"]] == [(7, "acknowledged")]
    assert changes["devices"] == []


def test_who_comes_back_is_told_what_was_missed(small):
    with follow(small, **{"Last-Event-ID": str(NOW_MS - HOUR_MS)}) as answer:
        _, changes = next(events_of(answer))
    assert [one["id"] for one in changes["alarms"]] == [7]
    with follow(small, **{"Last-Event-ID": str(NOW_MS - HOUR_MS - 1)}) as answer:
        assert next(events_of(answer))[1]["complete"] is False


def test_the_stream_ends_with_the_token(small):
    with follow(small) as answer:
        told = events_of(answer)
        next(told)
        small.now_ms += 31 * 24 * HOUR_MS
        assert all(one is None or one for one in told)  # it ends: nothing here would end the loop otherwise


def test_the_stream_ends_with_the_session_which_it_does_not_keep_alive(small):
    with small.client.stream("GET", "/api/v1/events", headers=small.viewer.session, timeout=30) as answer:
        told = events_of(answer)
        while next(told) is not None:
            pass
        with small.database.writing() as connection:
            sessions.end_all(connection, small.viewer.actor.user_id)
        assert len(list(told)) < 20


def test_streams_are_few(small, monkeypatch):
    monkeypatch.setattr(events, "MOST_STREAMS", 0)
    assert small.get("/api/v1/events").status_code == 503
