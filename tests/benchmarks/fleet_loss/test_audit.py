from __future__ import annotations

import pytest

from benchmarks.fleet_loss.audit import account
from benchmarks.fleet_loss.traffic import Key, traffic


def keys(*numbers, boot="b1"):
    return [Key("d1", boot, number, "telemetry") for number in numbers]


def audit(sent, rows, ledger, gaps, set_aside=0):
    return account(frozenset(sent), rows, ledger, gaps, set_aside)


def test_every_row_once_is_no_complaint():
    found = audit(keys(1, 2, 3), keys(3, 1, 2), {("d1", "b1"): "1-3"}, 0)
    assert found.complaints() == []
    assert (found.sent, found.rows) == (3, 3)


@pytest.mark.parametrize(
    ("rows", "ledger", "gaps", "set_aside", "complaint"),
    [
        (keys(1, 3, 4), "1,3-4", 1, 0, "1 messages lost"),
        (keys(1, 2, 2, 3, 4), "1-4", 0, 0, "1 messages doubled"),
        (keys(1, 2, 3, 4, 9), "1-4", 0, 0, "1 messages unknown"),
        (keys(1, 2, 3), "1-3", 0, 0, "1 messages lost unsaid"),
        (keys(1, 2, 3, 4), "1-4", 2, 0, "the ledger misses 2 numbers, 0 messages are lost"),
        (keys(1, 2, 3, 4), "1-4", 0, 5, "5 messages set aside"),
    ],
)
def test_what_is_wrong_is_told(rows, ledger, gaps, set_aside, complaint):
    complaints = audit(keys(1, 2, 3, 4), rows, {("d1", "b1"): ledger}, gaps, set_aside).complaints()
    assert any(line.startswith(complaint) for line in complaints), complaints


def test_where_the_broker_may_lose_a_gap_excuses_and_silence_does_not():
    gap = audit(keys(1, 2, 3, 4), keys(1, 4), {("d1", "b1"): "1,4"}, 2)
    assert (gap.complaints(may_lose=True), len(gap.lost)) == ([], 2)
    silent = audit(keys(1, 2, 3, 4), keys(1, 2), {("d1", "b1"): "1-2"}, 0)
    assert "2 messages lost unsaid" in silent.complaints(may_lose=True)[0]


def test_a_boot_that_the_ledger_does_not_know_is_lost_unsaid():
    assert len(audit(keys(1, 2, boot="b2"), [], {}, 0).unsaid) == 2


def test_traffic_numbers_every_message_once():
    sent = traffic(120, 3, 0)
    numbered = [message for message in sent.messages if not message.topic.endswith("/state")]
    assert len(sent.keys) == len(numbered) == 120
    assert {key.device for key in sent.keys} == {"sim-0001", "sim-0002", "sim-0003"}
