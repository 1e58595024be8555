import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import firmware_bridge
from firmware_bridge import frames
from firmware_bridge.coding import MISSING
from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.wire import encode
from tests.firmware_bridge import plain_wire

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((Path(firmware_bridge.__file__).parent / "vectors.json").read_text(encoding="utf-8"))
KNOWN = {one["name"]: one for one in VECTORS["frames"]}


def frame_of(told):
    """The frame that a vector describes in words and numbers."""
    kind = getattr(frames, told["type"].capitalize())
    values = {field.name: told[field.name] for field in fields(kind)}
    if kind is frames.Hello:
        values["channels"] = tuple(frames.Channel(**channel) for channel in told["channels"])
    if kind is frames.Samples:
        values |= {"coding": frames.Coding(told["coding"]), "data": bytes.fromhex(told["data"])}
    return kind(**values)


def named(records):
    return pytest.mark.parametrize("one", records, ids=lambda one: one["name"])


@named(VECTORS["frames"])
def test_a_golden_frame_is_written_and_read(one):
    wire, frame = bytes.fromhex(one["wire"]), frame_of(one["frame"])
    assert encode(frame) == wire
    assert Decoder().feed(wire) == [frame]


@named(VECTORS["frames"])
def test_a_golden_frame_is_as_crc_and_cobs_are_defined(one):
    body, told = plain_wire.body_of(bytes.fromhex(one["wire"])), one["frame"]
    assert body[0] == 1
    assert int.from_bytes(body[2:4], "little") == told["boot"]
    assert int.from_bytes(body[4:6], "little") == told["sequence"]
    assert int.from_bytes(body[6:10], "little") == told["clock_us"]


@named([one for one in VECTORS["frames"] if one["frame"]["type"] == "samples"])
def test_golden_samples_are_as_their_coding_is_defined(one):
    told, data = one["frame"], plain_wire.body_of(bytes.fromhex(one["wire"]))[17:]
    plain = plain_wire.values(told["coding"], told["channels"], data)
    assert [[MISSING if value is None else value for value in channel] for channel in plain] == told["values"]
    assert data.hex() == told["data"]


@named(VECTORS["damaged"])
def test_a_damaged_frame_is_dropped_for_its_reason(one):
    decoder = Decoder()
    came = decoder.feed(bytes.fromhex(one["wire"]))
    assert [rejected.reason for rejected in came] == [one["reason"]]
    assert getattr(decoder.counts, one["reason"]) == decoder.counts.rejected == 1


@named([one for one in VECTORS["damaged"] if one["reason"] in ("version", "type", "event", "payload")])
def test_what_is_dropped_for_its_meaning_came_whole(one):
    plain_wire.body_of(bytes.fromhex(one["wire"]))


@named(VECTORS["streams"])
def test_a_reader_makes_of_a_stream_what_is_written(one):
    came = Decoder().feed(bytes.fromhex(one["wire"]))
    expected = [frame_of(KNOWN[name]["frame"]) if name in KNOWN else name for name in one["gives"]]
    assert [thing.reason if isinstance(thing, Rejected) else thing for thing in came] == expected


def test_every_type_coding_and_reason_is_there():
    told = [one["frame"] for one in VECTORS["frames"]]
    assert {one["type"] for one in told} == {
        "hello",
        "samples",
        "leads",
        "button",
        "battery",
        "ack",
        "heartbeat",
        "command",
    }
    assert {one["coding"] for one in told if one["type"] == "samples"} == {0, 1, 2, 3, 4}
    reasons = {one["reason"] for one in VECTORS["damaged"]}
    assert reasons == {"cobs", "short", "long", "crc", "version", "type", "event", "payload"}
    assert max(len(one["wire"]) for one in VECTORS["frames"]) == 2 * frames.MAX_FRAME


def test_the_file_is_what_the_script_writes():
    script = [sys.executable, str(ROOT / "scripts" / "bridge_vectors.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_tells_of_a_file_that_differs(tmp_path):
    (tmp_path / "vectors.json").write_text("{}", encoding="utf-8")
    script = [
        sys.executable,
        str(ROOT / "scripts" / "bridge_vectors.py"),
        "--check",
        "--file",
        tmp_path / "vectors.json",
    ]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run scripts/bridge_vectors.py" in done.stderr
