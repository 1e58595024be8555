from __future__ import annotations

import pytest

from edgeguard.csv_text import FileRefused
from edgeguard.errors import ConfigError, Forbidden, NotFound
from edgeguard.fleet.actions import labels as act
from edgeguard.fleet.actor import PERMISSIONS, SYSTEM, Actor
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.store import audit, labels
from tests.fleet import small_fleet
from tests.fleet.small_fleet import HOSTILE, NOW_MS

AT = iso_from_unix_ms(NOW_MS - 1000)
BOOT = "0" * 16
HEADER = "fleet,device,boot,source,window_start,time,label,predicted,N,A"


@pytest.fixture
def fleet(database):
    small_fleet.fill(database)
    return database


def csv_of(*lines, header=HEADER):
    return "\n".join([header, *lines]).encode()


def stored(database, origin="sample"):
    with database.reading() as connection:
        return [row for _, _, row in labels.every(connection, origin)]


def test_an_alarm_is_labelled_and_labelled_anew_and_the_log_keeps_both(fleet):
    act.label(fleet, SYSTEM, 7, "N", NOW_MS)
    act.label(fleet, SYSTEM, 7, HOSTILE, NOW_MS + 1)
    (row,) = stored(fleet, "alarm")
    assert (row.label, row.predicted, row.alarm_id, row.labelled_ms) == (HOSTILE, HOSTILE, 7, NOW_MS + 1)
    act.label(fleet, SYSTEM, 7, None, NOW_MS + 2)
    assert stored(fleet, "alarm") == []
    with fleet.reading() as connection:
        entries = audit.entries(connection, action="alarm.label").rows
    before = [(entry.subject, entry.details["before"], entry.details["label"]) for entry in entries]
    assert before == [("alarm 7", HOSTILE, None), ("alarm 7", "N", HOSTILE), ("alarm 7", None, "N")]


@pytest.mark.parametrize(
    ("error", "actor", "alarm", "label"),
    [
        (ConfigError, SYSTEM, 7, "n"),
        (ConfigError, SYSTEM, 7, ""),
        (NotFound, SYSTEM, 8, "N"),
        (Forbidden, Actor(None, "guest", PERMISSIONS["viewer"]), 7, "N"),
    ],
)
def test_a_label_that_cannot_be_is_refused(fleet, error, actor, alarm, label):
    with pytest.raises(error):
        act.label(fleet, actor, alarm, label, NOW_MS)
    assert stored(fleet, "alarm") == []


def test_a_file_twice_changes_nothing_and_comes_back_as_it_was(fleet):
    content = csv_of(f"ward,d1,{BOOT},ecg,100,{AT},A,N,0.7,0.3", f"ward,d1,{BOOT},ecg,200,{NOW_MS},N,,0.9,0.1")
    assert act.import_labels(fleet, SYSTEM, content, NOW_MS).labels == 2
    again = act.import_labels(fleet, SYSTEM, content, NOW_MS)
    assert (again.labels, again.changed) == (0, 0)
    assert [(row.predicted, row.label, row.bundle_id) for row in stored(fleet)] == [("N", "A", 2), ("N", "N", 2)]
    written = act.export_labels(fleet, SYSTEM)
    again = act.import_labels(fleet, SYSTEM, written.encode(), NOW_MS)
    assert (again.labels, again.changed) == (0, 0)


def test_an_alarms_window_in_a_sample_counts_as_one_of_the_sample(fleet):
    act.label(fleet, SYSTEM, 7, "N", NOW_MS)
    content = csv_of(
        f"ward,d3,{BOOT},ecg,7,{AT},N,N", header="fleet,device,boot,source,window_start,time,label,predicted"
    )
    assert act.import_labels(fleet, SYSTEM, content, NOW_MS, dry_run=True).changed == 1
    assert stored(fleet) == []
    assert act.import_labels(fleet, SYSTEM, content, NOW_MS).changed == 1
    act.label(fleet, SYSTEM, 7, HOSTILE, NOW_MS + 1)
    (row,) = stored(fleet)
    assert (row.label, row.alarm_id, row.origin) == (HOSTILE, 7, "sample")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"ward,d9,{BOOT},ecg,1,{AT},N,N,1,0", "line 2: no device ward/d9 is known"),
        (f"ward,d1,{BOOT},ecg,1,{AT},B,N,1,0", "line 2: label 'B' is none of the classes N, A"),
        (f"ward,d1,{BOOT},ecg,1,{AT},N,N,0.5,0.1", "line 2: the classes' probabilities add up to 0.600, not to 1"),
        (f"ward,d1,{BOOT},ecg,1,{AT},N,N,nan,1", "line 2: the probability 'nan' of N is not between 0 and 1"),
        (f"ward,d1,{BOOT},ecg,-1,{AT},N,N,1,0", "line 2: window_start '-1' is not the index of a sample"),
        (f"ward,d1,0xff,ecg,1,{AT},N,N,1,0", "line 2: boot '0xff'"),
        (f"ward,d1,,ecg,1,{AT},N,N,1,0", "line 2: 0 boots of ward/d1 were on at that time: name one"),
        (f"ward,d1,{BOOT},,1,{AT},N,N,1,0", "line 2: source ''"),
        (f"ward,d1,{BOOT},ecg,1,soon,N,N,1,0", "line 2: 'soon' is no time"),
        (f"ward,d1,{BOOT},ecg,1,2001-01-01,N,N,1,0", "line 2: it is not known which model ward/d1 ran at that time"),
        (f"ward,d1,{BOOT},ecg,1,{AT},N,N,,\nward,d1,{BOOT},ecg,1,{AT},A,N,,", "line 3: another line says"),
    ],
)  # fmt: skip
def test_a_file_with_one_bad_line_changes_nothing(fleet, line, problem):
    good = f"ward,d2,{BOOT},ecg,5,{AT},N,N,1,0"
    with pytest.raises(FileRefused) as refused:
        act.import_labels(fleet, SYSTEM, csv_of(*line.split("\n"), good), 1)
    assert refused.value.problems[0].startswith(problem)
    assert stored(fleet) == []
