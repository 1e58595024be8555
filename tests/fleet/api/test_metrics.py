"""What Prometheus reads, and whether the alert rules speak of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgeguard.fleet.store import tables as t
from edgeguard.fleet.store.health import health, note_upkeep
from tests.deploy.test_prometheus import RULES, promtool
from tests.fleet.small_fleet import HOSTILE, NOW_MS, fill, put

ROOT = Path(__file__).resolve().parents[3]


def samples(text):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def text(small):
    with small.database.writing() as connection:
        note_upkeep(connection, NOW_MS)
        put(connection, t.fairness_alerts, *(
            {"began_ms": 1, "ended_ms": ended, "figure": "alarm_rate", "attribute": 'se"x\n', "gap": 0.2, "low": 0.1,
             "high": 0.3, "band": 0.05, "worst": HOSTILE} for ended in (None, 5)
        ))  # fmt: skip
    small.get("/api/v1/devices/ward/d3")
    small.get("/api/v1/devices/ward/d4")
    small.get("/nothing/of/ours")
    return small.get("/metrics").text


def test_the_numbers_are_those_of_the_fleet(text):
    found = samples(text)
    assert found["edgeguard_fleet_devices", "online"] == 2
    assert found["edgeguard_fleet_attacked_devices",] == 1
    assert found["edgeguard_fleet_pending_alarms", "open"] == 1
    assert found["edgeguard_fleet_messages_total",] == 6
    assert found["edgeguard_fleet_quarantined_messages", "malformed"] == 1
    assert found["edgeguard_fleet_last_message_timestamp_seconds",] == NOW_MS / 1000
    assert found["edgeguard_fleet_fairness_alerts", 'se"x\n', "alarm_rate"] == 1


def test_requests_are_timed_by_the_templates_of_their_routes(text):
    found = samples(text)
    name = "edgeguard_fleet_http_request_seconds_count"
    assert found[name, "GET", "/api/v1/devices/{fleet}/{device}", "2xx"] == 1
    assert found[name, "GET", "/api/v1/devices/{fleet}/{device}", "4xx"] == 1
    assert not any("nothing" in part or "ward" in part for key in found for part in key)


def test_they_are_valid_and_the_rules_speak_of_them_and_the_document_names_them(text):
    assert promtool("check", "metrics", text=text) == ""
    told = {name for name in re.findall(r"# TYPE (edgeguard_\w+)", text) if not name.endswith("_created")}
    assert set(re.findall(r"\b(edgeguard_fleet_\w+)\b", RULES.read_text())) <= told
    document = (ROOT / "docs" / "fleet-api.md").read_text()
    assert {name for name in told if f"`{name}`" not in document} == set()


def test_nobody_without_a_token_that_reads_sees_them(small):
    assert small.client.get("/metrics").status_code == 401


def test_health_on_both_databases(database):
    fill(database)
    with database.reading() as connection:
        found = health(connection)
    assert (found.messages, found.last_message_ms, found.upkeep_ms) == (6, NOW_MS, None)
    assert found.database_bytes > 100_000
    assert found.quarantined == {"malformed": 1, "rate limit": 0, "unknown device": 0}
    assert found.alarms == {"open": 1, "acknowledged": 0}
