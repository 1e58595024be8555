from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.errors import MessageError
from edgeguard.telemetry.messages import (
    MESSAGES,
    SIZE_LIMITS,
    Ack,
    Alert,
    BundleFact,
    Command,
    State,
    Summary,
    decode,
    encode,
)
from edgeguard.telemetry.tally import NOTHING
from edgeguard.telemetry.topics import KINDS
from tests.telemetry.oracle import tally_of

BOOT, SHA = "0123456789abcdef", "ab" * 32
GOLDEN = {
    "state": State(
        status="online",
        time_ms=1,
        boot=BOOT,
        software="1.0",
        bundle=BundleFact(name="m", version="2", sha256=SHA),
        sources=("left", "right"),
    ),
    "telemetry": Summary(
        boot=BOOT,
        seq=7,
        source="left",
        from_ms=1,
        to_ms=2,
        bundle_sha256=SHA,
        dropped={"telemetry": 3},
        waiting=2,
        battery=0.5,
        tally=msgspec.structs.replace(
            NOTHING, windows=1, rejected={"flat": 1}, gaps=1, missing_samples=5, faults={"link lost": 1}, suppressed=4
        )
        + tally_of(
            ("normal", "abnormal"),
            predicted=np.array([1]),
            confidence=np.array([0.75]),
            exit_probabilities=np.array([[[0.5, 0.5], [0.0, 1.0]]]),
            disagreement=np.array([0.5]),
            alarm=np.array([True]),
            latency_ms=np.array([0.25]),
        ),
    ),
    "alert": Alert(
        boot=BOOT,
        seq=8,
        time_ms=5,
        bundle_sha256=SHA,
        source="left",
        kind="window",
        raised=True,
        windows=1,
        suppressed=0,
        window_start=140,
        score="mutual_information",
        value=0.5,
        threshold=0.25,
        predicted="abnormal",
        confidence=0.75,
        probabilities={"normal": 0.25, "abnormal": 0.75},
        exit_probabilities=(0.5, 1.0),
    ),
    "cmd": Command(id="c1", time_ms=9, action="set_interval", interval_s=30.0),
    "ack": Ack(id="c1", boot=BOOT, seq=9, time_ms=10, done=False, reason="no"),
}


def golden_bytes(kind):
    """What was written once and must be readable for ever."""
    return (Path(__file__).parent / "golden" / f"{kind}.json").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_golden_bytes(kind):
    assert encode(GOLDEN[kind]) == golden_bytes(kind)
    assert decode(golden_bytes(kind), MESSAGES[kind]) == GOLDEN[kind]


TALLY = msgspec.json.decode(golden_bytes("telemetry"))["tally"]


def altered(kind, /, **fields):
    return msgspec.json.encode(msgspec.json.decode(golden_bytes(kind)) | fields)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("state", {"extra": 1}, "unknown field `extra`"),
        ("state", {"status": "away"}, "Invalid enum value 'away'"),
        ("state", {"boot": BOOT + "\n"}, "boot"),
        ("state", {"time_ms": "1"}, "Expected `int`, got `str`"),
        ("state", {"software": "1\n"}, "software"),
        ("state", {"schema": 0}, "schema"),
        ("telemetry", {"seq": -1}, "Expected `int` >= 0"),
        ("telemetry", {"seq": 2**64}, "seq"),
        ("telemetry", {"to_ms": 0}, "ends at 0, before it starts at 1"),
        ("telemetry", {"tally": {"windows": 1}}, "missing required field `rejected`"),
        ("telemetry", {"tally": TALLY | {"windows": 1}}, "do not add up to 1 windows"),
        ("telemetry", {"tally": TALLY | {"stages": [1, 1]}}, "stages hold 2 windows, not 1"),
        ("telemetry", {"dropped": {"state": 1}}, "Invalid enum value 'state'"),
        ("telemetry", {"source": ""}, "length >= 1"),
        ("alert", {"kind": "noise"}, "Invalid enum value 'noise'"),
        ("telemetry", {"tally": TALLY | {"margin": TALLY["latency_ms"]}}, "length <= 20"),
        ("alert", {"confidence": 1.5}, "Expected `float` <= 1"),
        ("alert", {"value": None}, "Expected `float`, got `null`"),
        ("alert", {"exit_probabilities": []}, "length >= 1"),
        ("alert", {"exit_probabilities": [0.5] * 65}, "length <= 64"),
        ("cmd", {"action": "ping"}, "interval_s belongs to set_interval"),
        ("cmd", {"interval_s": None}, "interval_s belongs to set_interval"),
        ("ack", {"reason": "x" * 201}, "length <= 200"),
    ],
)
def test_message_with_one_wrong_field_is_refused(kind, fields, message):
    with pytest.raises(MessageError, match=rf"^{MESSAGES[kind].__name__} is malformed: .*{message}"):
        decode(altered(kind, **fields), MESSAGES[kind])


def test_message_of_a_newer_schema_says_so_whatever_else_is_in_it():
    with pytest.raises(MessageError, match=r"^schema 2 is newer than 1, the newest read here: upgrade edgeguard$"):
        decode(altered("state", schema=2, extra=1), State)


@pytest.mark.parametrize("field", ["schema", "boot", "bundle_sha256", "tally"])
def test_message_without_a_field_is_refused(field):
    without = msgspec.json.decode(golden_bytes("telemetry"))
    del without[field]
    with pytest.raises(MessageError, match=f"missing required field `{field}`"):
        decode(msgspec.json.encode(without), Summary)


@pytest.mark.parametrize("kind", MESSAGES.values())
def test_message_over_the_size_limit_is_refused_unread(kind):
    with pytest.raises(MessageError, match=f"the limit is {SIZE_LIMITS[kind]}"):
        decode(b" " * (SIZE_LIMITS[kind] + 1), kind)


def test_deeply_nested_json_is_refused():
    with pytest.raises(MessageError):
        decode(b'{"schema":' + b"[" * 4000, State)


@pytest.mark.parametrize("fields", [{"value": math.nan}, {"value": math.inf}, {"predicted": "x" * 65}])
def test_message_that_no_reader_would_take_is_not_written(fields):
    with pytest.raises(ValueError, match="not a valid message"):
        encode(msgspec.structs.replace(GOLDEN["alert"], **fields))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(kind=st.sampled_from(list(MESSAGES.values())), payload=st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_garbage_is_refused_and_nothing_else_happens(kind, payload):
    with pytest.raises(MessageError):
        decode(payload, kind)


@given(kind=st.sampled_from(KINDS), data=st.data(), value=JSON)
def test_whatever_is_read_can_be_written_again(kind, data, value):
    field = data.draw(st.sampled_from(["schema", *MESSAGES[kind].__struct_fields__]))
    try:
        read = decode(altered(kind, **{field: value}), MESSAGES[kind])
    except MessageError:
        return
    assert decode(encode(read), MESSAGES[kind]) == read
