from __future__ import annotations

import pytest

from edgeguard.csv_text import FileRefused
from edgeguard.errors import ConfigError, Forbidden, NotFound
from edgeguard.fleet import wearer_file
from edgeguard.fleet.actions import wearers as act
from edgeguard.fleet.actor import PERMISSIONS, SYSTEM, Actor
from edgeguard.fleet.iso_times import unix_ms_from_iso
from edgeguard.fleet.store import audit, wearers
from edgeguard.fleet.wearer_file import Wearing
from tests.fleet.worn import csv_of, wear

LINES = ["W1,f,d1,,2026-07-01,2026-08-01,f", "W1,f,d2,ecg,2026-07-01,,f", "W2,f,d1,ecg,2026-08-01,,m", "W3,,,,,,m"]


def rows(database, **filters):
    with database.reading() as connection:
        return wearers.wearers(connection, **filters).rows


def test_a_file_twice_changes_nothing_and_comes_back_as_it_was(database):
    first = wear(database, LINES)
    assert (first.wearers, first.attributes, first.wearings, first.devices) == (3, 3, 3, 2)
    again = wear(database, LINES)
    assert (again.wearers, again.attributes, again.wearings, again.wearings_changed, again.devices) == (0,) * 5
    written = act.export_wearers(database, SYSTEM, 1)
    for row in rows(database):
        act.delete_wearer(database, SYSTEM, row.id, 2)
    assert act.import_wearers(database, SYSTEM, written.encode(), 3).wearings == 3
    assert act.export_wearers(database, SYSTEM, 4) == written


def test_a_dry_run_tells_and_changes_nothing(database):
    told = act.import_wearers(database, SYSTEM, csv_of(LINES), 1, dry_run=True, register_devices=True)
    assert told.wearers == 3
    assert rows(database) == []
    with database.reading() as connection:
        assert audit.entries(connection).total == 0


def test_a_later_file_ends_wearings_and_moves_wearers_to_other_groups(database):
    wear(database, LINES)
    changed = wear(database, ["W2,f,d1,ecg,2026-08-01,2026-09-01,x", "W2,f,d1,ecg,2026-09-01,,x"])
    assert (changed.attributes, changed.wearings, changed.wearings_changed) == (1, 1, 1)
    (row,) = rows(database, search="w2")
    assert row.attributes == {"sex": "x"}
    assert [each.until_ms for each in row.wearings] == [None, unix_ms_from_iso("2026-09-01")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("W9,f,d1,ecg,2026-07-15,,", "line 2: f/d1 is worn since 2026-07-01T00:00:00.000Z by the registry"),
        ("W9,f,d2,,2026-06-01,,", "line 2: f/d2 is worn since 2026-07-01T00:00:00.000Z by the registry"),
        ("W1,f,d1,,2026-07-01,2026-08-02,", "line 2: f/d1 is worn since 2026-08-01T00:00:00.000Z by the registry"),
        ("W9,f,d7,,2026-07-01,,", "line 2: no device f/d7 is known"),
        ("W9,f,d1,,2026-09-01,2026-08-31,", "line 2: it ends at 2026-08-31"),
        ("W9,f,d1,,,,", "line 2: a wearing needs fleet, device and from"),
        ("W9,f,d/1,,2026-09-01,,", "line 2: device id 'd/1' cannot be used"),
        ("W9,f,d1,,yesterday,,", "line 2: 'yesterday' is no time"),
        (",,,,,,f", "line 2: pseudonym '': write 1 to 64"),
        ("W\x00,,,,,,f", "line 2: pseudonym "),
        (f"{'W' * 65},,,,,,f", "line 2: pseudonym "),
        ("W9,,,,,,f\nW9,,,,,,m", "line 3: sex of 'W9' is 'm', on a line before 'f'"),
        ("W9,f,d3,,2026-07-01,,\nW8,f,d3,,2026-07-02,,", "line 3: f/d3 is worn since 2026-07-01T00:00:00.000Z by line"),
        ("W9,f,d3,,2026-07-01,,\nW9,f,d3,,2026-07-01,2027-01-01,", "line 3: the wearing of line 2 ends at another"),
    ],
)  # fmt: skip
def test_a_file_with_one_bad_line_changes_nothing(database, line, problem):
    wear(database, [*LINES, "W4,f,d3,,2026-01-01,2026-01-02,"])
    before = act.export_wearers(database, SYSTEM, 1)
    with pytest.raises(FileRefused) as refused:
        act.import_wearers(database, SYSTEM, csv_of([line]), 2)
    assert refused.value.problems[0].startswith(problem)
    assert act.export_wearers(database, SYSTEM, 3) == before


@pytest.mark.parametrize("hostile", ["=HYPERLINK(1)", "'; DROP TABLE wearers; --", "<script>alert(1)</script>", "%_\\"])
def test_hostile_texts_are_texts(database, hostile):
    quoted = f'"{hostile}"'
    wear(
        database,
        [f"{quoted},,,,,,{quoted}", "other,,,,,,m"],
        header=f"pseudonym,fleet,device,source,from,until,{quoted}",
    )
    (row,) = rows(database, search=hostile)
    assert (row.pseudonym, row.attributes) == (hostile, {hostile: hostile})
    assert rows(database, attribute=hostile, value=hostile) == [row]
    written = act.export_wearers(database, SYSTEM, 1)
    assert wear(database, written.splitlines()[1:], header=written.splitlines()[0]).attributes == 0


def test_the_last_of_a_hundred_thousand_lines_is_named():
    lines = [f"W{k},,,,,,f" for k in range(99_999)]
    with pytest.raises(FileRefused, match="line 100001: pseudonym"):
        wearer_file.read(csv_of([*lines, ",,,,,,f"]))


def test_what_is_done_by_hand(database):
    wear(database, LINES)
    made = act.create_wearer(database, SYSTEM, "W5", {"sex": "f"}, 5)
    june, july = unix_ms_from_iso("2026-06-01"), unix_ms_from_iso("2026-07-01")
    worn = act.begin_wearing(database, SYSTEM, made.id, Wearing("", "f", "d1", "", june, july), 6)
    with pytest.raises(ConfigError, match="somebody wears it from 2026-06-01"):
        act.end_wearing(database, SYSTEM, worn.wearings[0].id, july + 1, 7)
    ended = act.end_wearing(database, SYSTEM, worn.wearings[0].id, july - 1, 7)
    assert [each.until_ms for each in ended.wearings] == [july - 1]
    act.delete_wearing(database, SYSTEM, worn.wearings[0].id, 8)
    changed = act.update_wearer(database, SYSTEM, made.id, "W6", {"age": "old"}, 9)
    assert (changed.pseudonym, changed.attributes, changed.wearings) == ("W6", {"age": "old"}, [])


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (ConfigError, lambda d: act.create_wearer(d, SYSTEM, "W1", {}, 1)),
        (ConfigError, lambda d: act.create_wearer(d, SYSTEM, "W9", {"from": "x"}, 1)),
        (ConfigError, lambda d: act.create_wearer(d, SYSTEM, "W9", {"sex": "x" * 65}, 1)),
        (ConfigError, lambda d: act.update_wearer(d, SYSTEM, 1, "W2", {}, 1)),
        (NotFound, lambda d: act.update_wearer(d, SYSTEM, 999, "W9", {}, 1)),
        (NotFound, lambda d: act.delete_wearer(d, SYSTEM, 999, 1)),
        (NotFound, lambda d: act.begin_wearing(d, SYSTEM, 1, Wearing("", "f", "none", "", 1, None), 1)),
        (NotFound, lambda d: act.end_wearing(d, SYSTEM, 999, 1, 1)),
        (Forbidden, lambda d: act.export_wearers(d, Actor(None, "nurse", PERMISSIONS["clinician"]), 1)),
        (Forbidden, lambda d: act.import_wearers(d, Actor(None, "nurse", PERMISSIONS["clinician"]), b"", 1)),
    ],
)
def test_what_cannot_be_is_refused(database, error, call):
    wear(database, LINES)
    before = act.export_wearers(database, SYSTEM, 1)
    with pytest.raises(error):
        call(database)
    assert act.export_wearers(database, SYSTEM, 1) == before


def test_the_audit_log_keeps_no_pseudonym_and_no_group(database):
    wear(database, ["Secretname,,,,,,Secretvalue"])
    (row,) = rows(database)
    act.update_wearer(database, SYSTEM, row.id, "Othername", {"sex": "Othervalue"}, 2)
    act.delete_wearer(database, SYSTEM, row.id, 3)
    with database.reading() as connection:
        entries = audit.entries(connection).rows
    assert {entry.action for entry in entries} == {"wearer.delete", "wearer.update", "wearers.import"}
    assert not any(text in str(entries) for text in ("Secret", "Other"))
