from __future__ import annotations

import msgspec
import pytest

from benchmarks.faults.audit import Change, account, compare_alarms, compare_windows
from edgeguard.telemetry.messages import Alert, Summary
from edgeguard.telemetry.tally import NOTHING

BOOT = "0123456789abcdef"


def alert(seq, window_start=0, *, raised=True, boot=BOOT):
    return Alert(
        boot=boot,
        seq=seq,
        time_ms=seq,
        bundle_sha256="0" * 64,
        source="a",
        kind="window",
        raised=raised,
        windows=1,
        suppressed=0,
        window_start=window_start,
        score="mutual_information",
        value=1.0,
        threshold=0.5,
        predicted="N",
        confidence=0.5,
        probabilities={"N": 0.5, "V": 0.5},
        exit_probabilities=(0.5,),
    )


def summary(seq, windows=0, dropped=None, from_ms=0):
    tally = msgspec.structs.replace(NOTHING, windows=windows, rejected={"flat": windows} if windows else {})
    return Summary(
        boot=BOOT,
        seq=seq,
        source="a",
        from_ms=from_ms,
        to_ms=from_ms + 1,
        bundle_sha256="0" * 64,
        dropped=dropped or {},
        waiting=0,
        tally=tally,
    )


def test_all_that_arrived_once_or_again_is_fine():
    found = account([alert(1), summary(2, 5), alert(1), alert(3, 7)])
    assert found.complaints() == []
    assert (found.last, found.arrived, found.again) == (3, 3, 1)


def test_a_lost_message_is_found():
    found = account([alert(1), alert(2, 5), summary(4, 3)])
    assert found.missing == (3,)
    assert found.complaints() == ["1 numbers missing (3), 0 reported as dropped"]


def test_a_lost_first_message_is_found():
    assert account([alert(2)]).missing == (1,)


def test_what_the_device_reports_as_dropped_is_accounted_for_exactly():
    assert account([alert(1), summary(4, dropped={"telemetry": 1, "alert": 1})]).complaints() == []
    assert account([alert(1), summary(4, dropped={"telemetry": 1})]).complaints()
    assert account([alert(1), summary(2, dropped={"telemetry": 1})]).complaints()


@pytest.mark.parametrize(
    "twice",
    [
        [alert(1, 5), alert(2, 5)],
        [summary(1, 3), summary(2, 3)],
    ],
)
def test_a_doubled_message_is_found(twice):
    found = account(twice)
    assert found.doubled == (2,)
    assert "under two numbers" in found.complaints()[0]


def test_empty_summaries_and_the_same_window_after_a_restart_are_not_doubled():
    restarted = alert(4, 5, boot="f" * 16)
    assert account([summary(1), summary(2), alert(3, 5), restarted]).complaints() == []


def test_a_number_with_two_contents_is_found():
    assert account([alert(1, 5), alert(1, 6)]).altered == (1,)
    assert account([alert(1, 5), alert(1, 6, boot="f" * 16)]).altered == (1,)


def test_an_alarm_without_an_alert_is_found():
    logged = [Change("a", "window", True, 5), Change("a", "window", False, 9)]
    found = compare_alarms(logged, [alert(1, 5), alert(1, 5)])
    assert found.unannounced == (Change("a", "window", False, 9),)
    assert found.complaints(dropped=1) == []
    assert "without an alert" in found.complaints(dropped=0)[0]


def test_an_alert_before_its_line_in_the_log_is_told_but_fine():
    found = compare_alarms([], [alert(1, 5)])
    assert len(found.unlogged) == 1
    assert found.complaints(dropped=0) == []


def test_windows_may_differ_by_one_interval_a_kill():
    heard = [summary(1, 10), summary(2, 30), summary(2, 30)]

    def complaints(logged, lost=0, unlogged=0):
        return compare_windows(logged, heard, lost_intervals=lost, unlogged_intervals=unlogged).complaints()

    assert complaints(40) == []
    assert complaints(41)
    assert complaints(39)
    assert complaints(70, lost=1) == []
    assert complaints(71, lost=1)
    assert complaints(39, lost=1)
    assert complaints(10, unlogged=1) == []
    assert complaints(9, unlogged=1)
