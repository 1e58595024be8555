"""What is not taken in, and that it can harm nobody."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.ingest.quarantine import MOST_OF_DEVICE, MOST_ROWS, MOST_UNKNOWN
from edgeguard.fleet.ingest.reading import Refusal, read
from edgeguard.fleet.store.tables import commands, devices, quarantine, summaries
from edgeguard.telemetry.messages import encode
from edgeguard.telemetry.subscriber import Delivery
from edgeguard.telemetry.topics import Address
from tests.fleet.ingest.messages import NOW, TALLY, ack, alert, altered, delivery, state, summary

TOPIC = delivery(summary()).topic
GOOD = msgspec.json.decode(encode(summary()))


def with_tally(**fields):
    return json.dumps(GOOD | {"tally": GOOD["tally"] | fields}).encode()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "malformed: Input data was truncated"),
        (b"\xff\xfe{}", "malformed"),
        (b'{"schema":1,"source":"\xff"}', "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"schema":1,"dropped":' + b'{"a":' * 20_000, "malformed"),
        (b"x" * (1 << 17) + b"x", "the limit is 131072"),
        (altered(summary(), source="a\x00b"), "source"),
        (altered(summary(), source="a\x7fb"), "source"),
        (altered(summary(), source="a\nb"), "source"),
        (b'{"schema":1,"source":"\\ud800"}', "malformed"),
        (altered(summary(), seq=10**12 + 1), "more than a device can have sent"),
        (altered(summary(), from_ms=0), "the longest is"),
        (with_tally(windows=TALLY.windows + 1), "do not add up"),
        (with_tally(margin={"counts": [0] * 20, "sum": 0.0}), "a histogram holds 0 windows"),
        (with_tally(margin=GOOD["tally"]["margin"] | {"sum": 1e9}), "does not fit the counts"),
        (with_tally(windows=10**7 + TALLY.windows, rejected=GOOD["tally"]["rejected"] | {"x": 10**7}), "not believed"),
        (with_tally(gaps=10**12 + 1), "a count over"),
        (with_tally(latency_ms={"counts": [0] * 25 + [TALLY.latency_ms.total], "sum": 1e300}), "a mean over"),
        (json.dumps(GOOD).encode().replace(b'"seq": 1', b'"seq": 1e999'), "malformed"),
    ],
)
def test_what_cannot_be_true_is_refused_with_the_reason(payload, reason):
    found = read(Delivery(TOPIC, payload, NOW))
    assert isinstance(found, Refusal)
    assert reason in found.reason
    assert found.address == Address("f", "d1")


@pytest.mark.parametrize(
    "topic", ["", "a/b", "edgeguard/v1/f/d1/cmd", "edgeguard/v1/f/=1+1/state", "edgeguard/v1/f/<b>/state", "é" * 4000]
)
def test_a_topic_that_is_no_devices_is_refused(topic):
    assert isinstance(read(Delivery(topic, encode(state()), NOW)), Refusal)


@pytest.mark.parametrize("text", ["'; DROP TABLE devices; --", "<script>alert(1)</script>", "=1+1", "@SUM(A1)", "ß😀"])
def test_text_that_others_would_run_is_kept_as_text(intake, all_rows, text):
    intake.write([delivery(summary(1, source=text)), delivery(alert(2, source=text, predicted=text))])
    assert [row.source for row in all_rows(summaries)] == [text]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ALTERED = st.builds(lambda field, value: altered(summary(), **{field: value}), st.sampled_from(list(GOOD)), JSON)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=60) | JSON.map(msgspec.json.encode) | ALTERED, max_size=4), st.text(max_size=30))
def test_whatever_comes_is_a_row_or_set_aside(intake, all_rows, payloads, text):
    before = sum(row.messages for row in all_rows(quarantine)) + len(all_rows(summaries))
    deliveries = [Delivery(TOPIC, payload, NOW) for payload in payloads] + [Delivery(text, b"", NOW)]
    known = intake.counts["duplicates"]
    intake.write(deliveries)
    after = sum(row.messages for row in all_rows(quarantine)) + len(all_rows(summaries))
    assert after - before + intake.counts["duplicates"] - known == len(deliveries)


def test_a_flood_is_limited_counted_and_shown_once_a_minute(intake_of, all_rows):
    intake = intake_of(burst=10, rate_hz=1.0)
    intake.write([delivery(summary(seq)) for seq in range(1, 31)] + [delivery(summary(1), "quiet")])
    intake.write([delivery(summary(seq)) for seq in range(31, 36)])
    intake.write([delivery(summary(99), received_ms=NOW + 3000)])
    assert (len(all_rows(summaries)), [row.limited for row in all_rows(devices, "id")]) == (12, [25, 0])
    (row,) = all_rows(quarantine)
    assert (row.device, row.messages, row.kind, all_rows(devices, "id")[0].limited_ms) == ("d1", 25, 1, NOW)


def test_unknown_devices_are_set_aside_in_few_rows_and_slow_no_other(intake_of, all_rows):
    intake = intake_of(max_new_devices=3)
    intake.write([delivery(summary(1), f"d{k}") for k in range(3)])
    for start in range(0, 3000, 500):
        intake.write([delivery(summary(1), f"x{k}") for k in range(start, start + 500)] + [delivery(summary(2), "d1")])
    assert len(all_rows(devices)) == 3
    rows = all_rows(quarantine)
    assert (len(rows), sum(row.messages for row in rows), {row.kind for row in rows}) == (MOST_UNKNOWN + 1, 3000, {2})
    assert sum(row.device is None for row in rows) == 1


def test_a_closed_registration_takes_none_in(intake_of, all_rows):
    intake_of(registration="closed").write([delivery(state()), delivery(summary(1))])
    assert (all_rows(devices), all_rows(quarantine)[0].messages) == ([], 2)
    assert "registration is closed" in all_rows(quarantine)[0].reason


def test_the_quarantine_is_bounded_for_each_device_and_for_all(intake_of, all_rows):
    at = [NOW]
    intake = intake_of(now_ms=lambda: at[0])
    intake.write([Delivery(TOPIC, b"{", NOW)] * 500)
    assert len(all_rows(quarantine)) == MOST_OF_DEVICE + 1
    intake.write([Delivery(f"edgeguard/v1/f/x{k}/alert", b"{", NOW) for k in range(MOST_ROWS + 200)])
    assert MOST_ROWS <= len(all_rows(quarantine)) <= MOST_ROWS + 2
    assert sum(row.messages for row in all_rows(quarantine)) == 500 + MOST_ROWS + 200
    at[0] += HOUR_MS
    intake.write([Delivery(TOPIC, b"{", at[0])])
    assert len(all_rows(quarantine)) <= MOST_ROWS + 3


def test_an_answer_counts_for_its_own_device_and_once(database, intake, all_rows):
    intake.write([delivery(state()), delivery(state(), "d2")])
    ids = {row.device: row.id for row in all_rows(devices)}
    with database.writing() as connection:
        row = {"id": "c1", "device_id": ids["d1"], "sent_ms": NOW, "action": "ping"}
        connection.execute(commands.insert().values(row))
    intake.write([delivery(ack(1), "d2"), delivery(ack(1, done=False, at_ms=NOW - 5)), delivery(ack(2))])
    (command,) = all_rows(commands)
    assert (command.answered_ms, command.done, command.reason) == (NOW - 5, False, "no")
