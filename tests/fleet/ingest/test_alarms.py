"""Alarms from alerts, in whatever order they come."""

from __future__ import annotations

import itertools

import pytest

from edgeguard.fleet.store.tables import alarms, alerts, deployments, devices, presence
from tests.fleet.ingest.messages import NEXT_BOOT, NEXT_SHA, NOW, alert, delivery, state

STORY = [
    alert(1, True, NOW - 90),
    alert(2, True, NOW - 80, kind="drift"),
    alert(3, False, NOW - 70, windows=7),
    alert(5, True, NOW - 50, source="eeg"),
    alert(6, True, NOW - 40),
    alert(7, False, NOW - 30, kind="drift", windows=2),
    alert(8, True, NOW - 20),
]
EXPECTED = [
    (1, "ecg", "window", NOW - 90, NOW - 70, 7),
    (2, "ecg", "drift", NOW - 80, NOW - 30, 2),
    (5, "eeg", "window", NOW - 50, None, 1),
    (6, "ecg", "window", NOW - 40, NOW - 20, 1),  # its end was lost
    (8, "ecg", "window", NOW - 20, None, 1),
]


def told(rows):
    return [(row.seq, row.source, row.kind, row.began_ms, row.ended_ms, row.windows) for row in rows]


def test_an_alarm_has_all_that_its_alert_says(intake, all_rows):
    intake.write([delivery(alert(4, True, NOW - 9))])
    (row,), (alarm,) = all_rows(alerts), all_rows(alarms)
    shared = [name for name in row._fields if name in alarm._fields]
    assert {name: getattr(row, name) for name in shared} == {name: getattr(alarm, name) for name in shared}
    assert (alarm.probabilities, alarm.exit_probabilities) == ({"other": 0.75, "normal": 0.25}, [0.5, 1.0])
    assert (alarm.status, alarm.began_ms, alarm.ended_ms, alarm.changed_ms) == ("open", NOW - 9, None, NOW)


@pytest.mark.parametrize("seed", range(4))
def test_order_batches_and_repetition_change_nothing(intake_of, all_rows, seed):
    import random

    story = [*STORY, *STORY[:3]]
    random.Random(seed).shuffle(story)
    workers = itertools.cycle([intake_of(), intake_of()])
    for start in range(0, len(story), 1 + seed):
        next(workers).write([delivery(one) for one in story[start : start + 1 + seed]])
    assert told(all_rows(alarms, "seq")) == EXPECTED


def test_another_start_ends_the_alarms_of_the_one_before(intake, all_rows):
    intake.write([delivery(state(at_ms=NOW - 100)), delivery(alert(1, True, NOW - 90))])
    intake.write([delivery(state("offline", NOW - 100))])
    assert told(all_rows(alarms))[0][4] is None
    intake.write([delivery(state(at_ms=NOW - 10, boot=NEXT_BOOT))])
    intake.write([delivery(alert(2, True, NOW - 80, kind="drift")), delivery(alert(1, True, NOW - 5, boot=NEXT_BOOT))])
    assert [row[4] for row in sorted(told(all_rows(alarms)), key=lambda row: row[3])] == [NOW - 10, NOW - 10, None]


def test_another_model_ends_the_alarms_of_the_one_before(intake, all_rows):
    intake.write([delivery(state(at_ms=NOW - 100)), delivery(alert(1, True, NOW - 90))])
    intake.write([delivery(state(at_ms=NOW - 50, sha256=NEXT_SHA))])
    intake.write([delivery(alert(2, True, NOW - 80, kind="drift")), delivery(alert(3, bundle_sha256=NEXT_SHA))])
    assert [row[4] for row in told(all_rows(alarms, "seq"))] == [NOW - 50, NOW - 50, None]
    assert [(row.since_ms, row.until_ms) for row in all_rows(deployments, "since_ms")] == [
        (NOW - 100, NOW - 50),
        (NOW - 50, None),
    ]


def test_states_count_by_their_own_time_whoever_takes_them_and_when(intake_of, all_rows):
    one, other = intake_of(), intake_of()
    online, will, back = state(at_ms=NOW - 100), state("offline", NOW - 100), state(at_ms=NOW - 50)
    one.write([delivery(online), delivery(will, received_ms=NOW - 60), delivery(back)])
    other.write([delivery(online), delivery(will), delivery(back), delivery(will)])
    assert [(row.status, row.at_ms) for row in all_rows(presence, "id")] == [
        ("online", NOW - 100),
        ("offline", NOW - 60),
        ("online", NOW - 50),
    ]
    (device,) = all_rows(devices)
    assert (device.status, device.status_ms, device.boot, device.software) == ("online", NOW - 50, "a" * 16, "1.0")
    assert (device.sources, device.last_seen_ms) == (["ecg"], NOW)


def test_a_device_without_a_clock_is_there_all_the_same(intake, all_rows):
    intake.write([delivery(state(at_ms=NOW - 100))])
    intake.write([delivery(state(at_ms=1000, boot=NEXT_BOOT), received_ms=NOW + 7)])
    (device,) = all_rows(devices)
    assert (device.boot, device.status_ms, device.clock_offset_ms) == (NEXT_BOOT, NOW + 7, 1000 - NOW - 7)


def test_a_retained_farewell_is_no_sign_of_life(intake, all_rows):
    intake.write([delivery(state("stopped", NOW - 5000), retained=True)])
    assert (all_rows(devices)[0].status, all_rows(devices)[0].last_seen_ms) == ("stopped", NOW - 5000)
