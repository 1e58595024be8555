from __future__ import annotations

import pytest

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.config import Fairness
from edgeguard.fleet.fairness_alerts import watch
from edgeguard.fleet.store import fairness_alerts, settings
from tests.fleet.worn import START_MS, bucket, cohort, gave

SETTINGS = Fairness(days=1)


@pytest.fixture
def fleet(database):
    cohort(database, ["f"] * 6 + ["m"] * 6)
    return database


def hour(database, number, women_alarms):
    """What all gave in one hour; the upkeep looks at it at its end."""
    with database.writing() as connection:
        gave(connection, *(
            bucket(k, START_MS + number * HOUR_MS, windows=1000, rejected=0, alarms=women_alarms if k <= 6 else 10)
            for k in range(1, 13)
        ))  # fmt: skip
    watch(database, SETTINGS, START_MS + (number + 1) * HOUR_MS)


def alerts(database):
    with database.reading() as connection:
        return fairness_alerts.alerts(connection).rows


def test_an_alert_begins_over_the_band_and_ends_when_it_has_touched_it_for_a_day(fleet):
    hour(fleet, 0, women_alarms=10)
    assert alerts(fleet) == []
    hour(fleet, 1, women_alarms=500)
    (alert,) = alerts(fleet)
    assert (alert.figure, alert.attribute, alert.worst, alert.band) == ("alarm_rate", "sex", "f / m", 0.05)
    assert alert.low > 0.05
    for number in range(26, 50, 6):
        hour(fleet, number, women_alarms=10)
        assert alerts(fleet)[0].ended_ms is None
    hour(fleet, 50, women_alarms=10)
    (alert,) = alerts(fleet)
    assert alert.ended_ms == START_MS + 51 * HOUR_MS


def test_a_gap_at_the_edge_of_its_band_keeps_one_alert(fleet):
    for number, alarms in enumerate([300, 10, 300, 10, 300]):
        hour(fleet, 30 * number, women_alarms=alarms)
    (alert,) = alerts(fleet)
    assert (alert.ended_ms, alert.details) == (None, {})


def test_the_bands_that_an_admin_sets_count(fleet):
    with fleet.writing() as connection:
        settings.put(connection, "fairness.bands", {"alarm_rate": 0.9})
    hour(fleet, 0, women_alarms=500)
    assert alerts(fleet) == []


def test_an_alert_stays_while_its_gap_cannot_be_told_and_goes_with_its_attribute(fleet):
    hour(fleet, 0, women_alarms=500)
    watch(fleet, SETTINGS, START_MS + 3 * DAY_MS)
    assert alerts(fleet)[0].ended_ms is None
    with fleet.writing() as connection:
        connection.exec_driver_sql("DELETE FROM attributes")
    watch(fleet, SETTINGS, START_MS + 4 * DAY_MS)
    assert alerts(fleet)[0].ended_ms == START_MS + 4 * DAY_MS


def test_it_looks_once_an_hour(fleet):
    watch(fleet, SETTINGS, START_MS + 2 * HOUR_MS)
    with fleet.writing() as connection:
        rows = [bucket(k, START_MS, windows=1000, alarms=500 if k <= 6 else 0) for k in range(1, 13)]
        gave(connection, *rows)
    watch(fleet, SETTINGS, START_MS + 3 * HOUR_MS - 1)
    assert alerts(fleet) == []
    watch(fleet, SETTINGS, START_MS + 3 * HOUR_MS)
    assert len(alerts(fleet)) == 1
