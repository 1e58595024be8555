from __future__ import annotations

import msgspec
import pytest

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store.sums import columns_of
from edgeguard.fleet.store.tables import boots, bundles, devices, quarantine, stale_hours, summaries
from tests.fleet.ingest.messages import BOOT, NOW, SHA, TALLY, delivery, summary


def test_a_summary_becomes_a_row_with_all_that_it_says(intake, all_rows):
    intake.write([delivery(summary(7, battery=0.5, dropped={"alert": 2}), received_ms=NOW + 5)])
    (row,) = all_rows(summaries)
    assert (row.at_ms, row.to_ms, row.received_ms, row.seq, row.source) == (NOW, NOW, NOW + 5, 7, "ecg")
    assert (row.battery, row.waiting, bytes(row.tally)) == (0.5, 0, msgspec.json.encode(TALLY))
    assert all(getattr(row, name) == value for name, value in columns_of(TALLY).items())
    (device,) = all_rows(devices)
    assert (device.fleet, device.device, device.first_seen_ms, device.last_seen_ms) == ("f", "d1", NOW + 5, NOW + 5)
    assert (device.battery, device.dropped, device.clock_offset_ms, device.missing) == (0.5, {"alert": 2}, None, 0)
    (boot,) = all_rows(boots)
    assert (boot.boot, boot.received, boot.messages, boot.first_ms, boot.last_ms) == (BOOT, "7", 1, NOW, NOW)
    assert [bundle.sha256 for bundle in all_rows(bundles)] == [SHA]
    assert [(row.device_id, row.bucket_ms) for row in all_rows(stale_hours)] == [(device.id, NOW - NOW % HOUR_MS)]


def test_what_comes_again_counts_once_also_through_another_worker(intake_of, all_rows):
    one, other = intake_of(), intake_of()
    one.write([delivery(summary(1)), delivery(summary(1)), delivery(summary(2))])
    other.write([delivery(summary(2)), delivery(summary(3))])
    assert [row.seq for row in all_rows(summaries, "seq")] == [1, 2, 3]
    assert (one.counts["duplicates"], other.counts["duplicates"]) == (1, 1)


def test_gaps_are_counted_and_filled(intake, all_rows):
    intake.write([delivery(summary(seq)) for seq in (1, 5, 9)])
    assert (all_rows(boots)[0].received, all_rows(boots)[0].missing, all_rows(devices)[0].missing) == ("1,5,9", 6, 6)
    intake.write([delivery(summary(seq)) for seq in (2, 3, 4)])
    assert (all_rows(boots)[0].received, all_rows(boots)[0].missing, all_rows(devices)[0].missing) == ("1-5,9", 3, 3)


@pytest.mark.parametrize("told_ms", [0, 4_102_444_800_000])
def test_a_clock_that_cannot_be_right_is_replaced_by_ours_and_shown_until_it_is(intake, all_rows, told_ms):
    intake.write([delivery(summary(1, told_ms))])
    assert [(row.at_ms, row.to_ms) for row in all_rows(summaries)] == [(NOW, told_ms)]
    assert all_rows(devices)[0].clock_offset_ms == told_ms - NOW
    intake.write([delivery(summary(2, NOW - 1000))])
    assert all_rows(devices)[0].clock_offset_ms is None


def test_a_backlog_keeps_its_own_time(intake, all_rows):
    days = 86_400_000
    intake.write([delivery(summary(k, NOW - k * days)) for k in (1, 2, 399)])
    assert [row.at_ms for row in all_rows(summaries, "seq")] == [NOW - k * days for k in (1, 2, 399)]


def test_a_message_that_the_database_refuses_is_set_aside_and_holds_up_no_other(intake, all_rows, monkeypatch):
    from edgeguard.fleet.ingest import rows

    def wrong(message, place):
        row = right(message, place)
        return row | {"source": None} if message.seq == 3 else row

    right = rows.of_summary
    monkeypatch.setattr(rows, "of_summary", wrong)
    intake.write([delivery(summary(seq)) for seq in range(1, 8)])
    assert [row.seq for row in all_rows(summaries, "seq")] == [1, 2, 4, 5, 6, 7]
    (aside,) = all_rows(quarantine)
    assert aside.reason.startswith("the database refuses it: ")
    assert all_rows(boots)[0].received == "1-2,4-7"
