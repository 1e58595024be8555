from __future__ import annotations

import pytest

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import audit
from tests.fleet.api.small_server import SmallServer
from tests.fleet.small_fleet import HOSTILE, NOW_MS, SINCE_MS


def test_devices(small):
    found = small.get("/api/v1/devices", search="ward", limit=2).json()
    assert (found["total"], [row["device"] for row in found["rows"]]) == (3, ["d3", "d2"])
    assert small.get("/api/v1/devices/counts").json()["attacked"] == 1
    assert small.get("/api/v1/devices/ward/d3").json()["attention"] == ["attacked"]
    assert small.get("/api/v1/devices/ward/d9").json() == {"error": "there is no device 'd9' in the fleet 'ward'"}
    assert len(small.get("/api/v1/devices/ward/d3/boots").json()) == 1


def test_timeline(small):
    found = small.get("/api/v1/devices/ward/d3/timeline").json()
    assert (found["resolution"], len(found["figures"]["at_ms"])) == ("hours", 24)
    assert found["figures"]["predictions"] == {"N": [90] * 24}
    assert [one["id"] for one in found["alarms"]] == [7]
    assert small.get("/api/v1/devices/ward/d3/timeline", from_ms=5, to_ms=5).status_code == 400


def test_what_is_out_of_bounds_is_refused_in_one_line(small):
    for asked in (
        {"limit": 501}, {"limit": 0}, {"offset": -1}, {"offset": 10**9}, {"sort": "id; DROP TABLE devices"},
        {"status": "x"}, {"serach": "x"}, {"search": "a" * 101}, {"search": "a\x00"}, {"bundle_id": 0},
        {"bundle_id": 2**63},
    ):  # fmt: skip
        answer = small.get("/api/v1/devices", **asked)
        assert answer.status_code == 400, asked
        assert list(answer.json()) == ["error"]
        assert next(iter(asked)) in answer.json()["error"]


def test_alarms_are_worked_through(small):
    assert small.post("/api/v1/alarms/acknowledge", {"ids": [7]}, small.clinician).status_code == 204
    assert small.post("/api/v1/alarms/7/comments", {"text": HOSTILE}, small.clinician).status_code == 201
    found = small.get("/api/v1/alarms/7").json()
    assert found["row"]["status"] == "acknowledged"
    assert found["comments"][0]["text"] == HOSTILE
    assert small.post("/api/v1/alarms/close", {"ids": [7]}, small.clinician).status_code == 204
    assert small.post("/api/v1/alarms/reopen", {"ids": [7]}, small.clinician).status_code == 204
    assign = {"ids": [7], "user_id": small.viewer.actor.user_id}
    assert small.post("/api/v1/alarms/assign", assign, small.clinician).status_code == 204
    assert [row["assignee"] for row in small.get("/api/v1/alarms", status="open").json()["rows"]] == ["viewer"]
    assert small.get("/api/v1/alarms/7/around").json()["to_ms"] == NOW_MS


def test_models(small):
    second, first = small.get("/api/v1/models").json()
    assert (second["devices"], second["online"], second["since_ms"], first["devices"]) == (3, 2, SINCE_MS, 0)
    asked = {"from_ms": NOW_MS - 40 * HOUR_MS, "to_ms": NOW_MS, "points": 5}
    rollout = small.get("/api/v1/models/rollout", **asked).json()
    assert rollout["devices"] == {"1": [3, 3, 3, 0, 0], "2": [0, 0, 0, 3, 3]}
    arrival = small.get("/api/v1/models/2/arrival").json()
    assert arrival["devices"] == 3
    assert arrival["alarms"]["before"] == pytest.approx(2 / 90)
    assert arrival["alarms"]["after"] == pytest.approx(8 / 90)
    assert small.get("/api/v1/models/9/arrival").status_code == 404


def test_quarantine(small):
    (row,) = small.get("/api/v1/quarantine", small.admin, kind="malformed").json()["rows"]
    assert (row["topic"], row["payload"]) == (HOSTILE, "\\xff=1")
    assert small.get("/api/v1/quarantine/reasons").json()[0]["messages"] == 1
    assert small.post("/api/v1/quarantine/discard", {"ids": [row["id"]]}).json() == {"rows": 1}
    assert small.post("/api/v1/quarantine/discard", {"ids": None}).json() == {"rows": 0}
    with small.database.reading() as connection:
        assert audit.entries(connection, action="quarantine.").total == 2


def test_a_forgotten_device_takes_its_alarms_with_it(small):
    assert small.client.delete("/api/v1/devices/ward/d3", headers=small.admin.session).status_code == 204
    assert small.get("/api/v1/devices/ward/d3").status_code == 404
    assert small.get("/api/v1/alarms").json()["total"] == 0


def test_health_says_nothing_but_yes_or_no(small):
    assert small.client.get("/healthz").json() == {"status": "ok"}
    assert small.client.get("/readyz").json() == {"status": "ok"}


def test_not_ready_without_broker_or_schema(new_database, sqlite_template):
    with SmallServer(new_database("sqlite", sqlite_template), connected=lambda: False) as small:
        answer = small.client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})


def test_not_ready_without_tables(small):
    with small.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    assert small.client.get("/readyz").json() == {"status": "not ready"}
    assert small.client.get("/healthz").status_code == 200


def test_hostile_texts_come_back_as_data_and_nothing_else(small):
    small.post("/api/v1/alarms/7/comments", {"text": HOSTILE})
    for path in ("devices", "devices/ward/d3", "alarms", "alarms/7", "models", "quarantine", "quarantine/reasons"):
        answer = small.get(f"/api/v1/{path}", small.admin)
        assert HOSTILE in strings(answer.json()), path
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"


def strings(value):
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return {one for part in value for one in strings(part)} if isinstance(value, list) else {value}


def test_hostile_filters_find_nothing_and_change_nothing(small):
    for text in ("' OR 1=1 --", "'; DROP TABLE devices; --", "%", "_", "\\", '"', HOSTILE * 2, "\u202e"):
        for path in ("devices?search", "alarms?search", "alarms?label", "exports/hours.csv?fleet", "audit?action"):
            route, name = path.split("?")
            answer = small.get(f"/api/v1/{route}", small.admin, **{name: text})
            assert answer.status_code == 200, (path, text)
            assert answer.text.count("\n") == 1 if ".csv" in path else answer.json()["total"] == 0, (path, text)
    assert small.get("/api/v1/devices/counts").json()["devices"] == 3
