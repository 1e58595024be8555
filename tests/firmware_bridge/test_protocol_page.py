import re
from pathlib import Path

import firmware_bridge
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import MAX_BODY, MAX_FRAME, MAX_PAYLOAD, Heartbeat
from tests.firmware_bridge import plain_wire

PAGE = (Path(firmware_bridge.__file__).parent / "PROTOCOL.md").read_text(encoding="utf-8")
BODY, WIRE = (block.strip() for block in re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[:2])


def test_the_worked_example_is_the_frame_that_it_says():
    wire = bytes.fromhex(WIRE)
    assert len(wire) == 26
    assert Decoder().feed(wire) == [Heartbeat(0x1234, 1, 1_000_000, 250, 0, True)]


def test_the_worked_example_has_the_body_that_it_shows():
    body = bytes.fromhex("".join(line.split("  ")[0] for line in BODY.splitlines()))
    assert plain_wire.body_of(bytes.fromhex(WIRE)) == body[:-4]
    assert plain_wire.crc32c(body[:-4]).to_bytes(4, "little") == body[-4:]
    assert all(0 not in bytes.fromhex(line) for line in WIRE.splitlines()[1:-1])


def test_the_sizes_on_the_page_are_those_of_the_code():
    assert f"**at most {MAX_FRAME} bytes**" in PAGE
    assert f"has at most {MAX_BODY}:" in PAGE
    assert f"| payload | 0 to {MAX_PAYLOAD} |" in PAGE
