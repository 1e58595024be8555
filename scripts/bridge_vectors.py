#!/usr/bin/env python3
"""Writes firmware_bridge/vectors.json, the golden frames of both ends; --check only compares."""

from __future__ import annotations

import argparse
import json
import struct
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from firmware_bridge.coding import MISSING, data_of, room_for, values_of  # noqa: E402 - on the path only now
from firmware_bridge.frames import (  # noqa: E402 - on the path only now
    MAX_BODY,
    Ack,
    Action,
    Battery,
    Button,
    Channel,
    Coding,
    Command,
    Frame,
    Heartbeat,
    Hello,
    Leads,
    Result,
    Samples,
)
from firmware_bridge.wire import encode, framed  # noqa: E402 - on the path only now

HEAD = (0x1234, 1, 1_000_000)
COMMENT = (
    "Golden frames of PROTOCOL.md, written by scripts/bridge_vectors.py. `wire` in hex, edges included. `values` of "
    f"samples are one list per channel; {MISSING} is a missing one. `damaged` frames are dropped, for `reason`. In "
    "`streams`, `gives` is what a reader makes of `wire`: names of frames, and reasons of what it drops."
)


def main() -> int:
    """0, or 1 where, with --check, the file is not what this would write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where the file differs")
    parser.add_argument("--file", type=Path, default=ROOT / "firmware_bridge" / "vectors.json")
    words = parser.parse_args()
    text = vectors()
    if not words.check:
        words.file.write_text(text, encoding="utf-8")
    elif words.file.read_text(encoding="utf-8") != text:
        print(f"{words.file}: not what the frames are now: run scripts/bridge_vectors.py", file=sys.stderr)
        return 1
    return 0


def vectors() -> str:
    """The file: JSON, a record a line."""
    frames = {name: encode(frame) for name, frame in FRAMES.items()}
    sections = {
        "frames": [{"name": name, "frame": _told(FRAMES[name]), "wire": wire.hex()} for name, wire in frames.items()],
        "damaged": [{"name": name, "reason": reason, "wire": wire.hex()} for name, (reason, wire) in damaged().items()],
        "streams": [
            {"name": name, "gives": gives, "wire": wire.hex()} for name, (gives, wire) in streams(frames).items()
        ],
    }
    lines = [f'"comment": {json.dumps(COMMENT)}']
    for name, records in sections.items():
        lines.append(f'"{name}": [\n' + ",\n".join(json.dumps(record) for record in records) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _told(frame: Frame) -> dict[str, Any]:
    told = {"type": type(frame).__name__.lower(), **asdict(frame)}
    if isinstance(frame, Samples):
        told |= {"values": values_of(frame).tolist(), "data": frame.data.hex()}
    return told


def _samples(coding: Coding, values: Any, head: tuple[int, int, int] = HEAD, index: int = 1000) -> Samples:
    numbers = np.array(values, np.int32)
    return Samples(*head, index, coding, *numbers.shape, data_of(numbers, coding))


def _full(coding: Coding, channels: int, seed: int) -> Samples:
    """As many small steps as have room, from a base near the end of the range."""
    steps = np.random.default_rng(seed).integers(-128, 128, (channels, room_for(coding, channels)))
    steps[:, 0] = 32767 - 128 * 255 if coding in (Coding.PACKED16, Coding.DELTA8_OF_16) else -4_000_000
    steps[:, 1::2] = -steps[:, 1::2].clip(-127, 127)
    return _samples(coding, steps.cumsum(axis=1))


_ECG = Channel("ECG1", "uV", 0.0481)
_MANY = tuple(Channel(f"ch{k:02d}" + "x" * (k < 4), "mV.s^-1_", 1e-6) for k in range(32))
_TOP16, _TOP24 = 32767, 8388607

FRAMES: dict[str, Frame] = {
    "heartbeat, the worked example": Heartbeat(*HEAD, 250, 0, True),
    "hello of one channel": Hello(0, 0, 0, "a", "1", 1, 2, (Channel("x", "V", 1.0),)),
    "hello of an ECG": Hello(*HEAD, "wrist-0A.7_b", "1.4.2-rc1", 250_000, 3, (_ECG, Channel("ECG2", "uV", 0.0481))),
    "hello of three groups": Hello(
        *HEAD,
        "vest",
        "2",
        128_000,
        2,
        (_ECG, *(Channel(f"acc_{axis}", "m/s^2", 0.00981) for axis in "xyz"), Channel("T!*~-", "C", 2**-8)),
    ),
    "hello as long as can be": Hello(*HEAD, "Z" * 24, "9" * 16, 2**32 - 1, 3, _MANY),
    "hello of extreme resolutions": Hello(
        *HEAD, "r", "1", 1, 2, (Channel("a", "u", 2**-126), Channel("b", "u", 3.4e38))
    ),
    "samples packed 16": _samples(Coding.PACKED16, [[1, -2, 300], [0, 255, -256]]),
    "samples packed 24": _samples(Coding.PACKED24, [[1, -2, 70000], [0, 65535, -65536]]),
    "samples delta 8 of 16": _samples(Coding.DELTA8_OF_16, [[1000, 1127, 999], [-1, 0, -128]]),
    "samples delta 8 of 24": _samples(Coding.DELTA8_OF_24, [[100000, 100127, 99999], [-1, 0, -128]]),
    "samples delta 16 of 24": _samples(Coding.DELTA16_OF_24, [[1, 32768, 0], [-1, 0, -32768]]),
    "one sample of one channel": _samples(Coding.PACKED16, [[-1]]),
    "one sample as delta": _samples(Coding.DELTA8_OF_24, [[_TOP24], [-_TOP24]]),
    "extremes and missing 16": _samples(Coding.PACKED16, [[_TOP16, -_TOP16, MISSING], [MISSING, 0, 1]]),
    "extremes and missing 24": _samples(Coding.PACKED24, [[_TOP24, -_TOP24, MISSING], [MISSING, 0, 128]]),
    "deltas up to the ends of 16": _samples(Coding.DELTA8_OF_16, [[32640, _TOP16, 32639], [-32639, -_TOP16, -32640]]),
    "deltas up to the ends of 24": _samples(
        Coding.DELTA16_OF_24, [[8355840, _TOP24, 8355839], [-8355839, -_TOP24, -8355840]]
    ),
    "all zeros": _samples(Coding.PACKED16, np.zeros((2, 55), int), (0, 0, 0), 0),
    "no zero in the data": _samples(Coding.PACKED24, np.full((8, 9), -1), (0xFFFF, 0xFFFF, 0xFFFFFFFF), 0xFFFFFFFF),
    "255 samples": _samples(Coding.DELTA8_OF_16, np.arange(-109, 110)[None] * 100),
    **{
        f"full {coding.name.lower()} of {channels}": _full(coding, channels, channels)
        for coding in Coding
        for channels in (1, 8, 32)
    },
    "sequence, clock and index before they come round": _samples(
        Coding.PACKED16, [[1, 2]], (0xFFFF, 0xFFFF, 0xFFFFFFFF), 0xFFFFFFFF
    ),
    "sequence, clock and index after they came round": _samples(Coding.PACKED16, [[3, 4]], (0xFFFF, 0, 0), 1),
    "leads on": Leads(*HEAD, 0),
    "all leads off": Leads(*HEAD, 0xFFFFFFFF),
    "button pressed": Button(*HEAD, 255, True),
    "button let go": Button(*HEAD, 0, False),
    "battery full": Battery(*HEAD, 100, 4200),
    "battery empty, voltage not known": Battery(*HEAD, 0, 0),
    **{f"ack {result.name.lower()}": Ack(*HEAD, 255 - result, result) for result in Result},
    "heartbeat at rest": Heartbeat(*HEAD, 0, 0, False),
    "heartbeat before its numbers come round": Heartbeat(*HEAD, 0xFFFFFFFF, 0xFFFFFFFF, True),
    **{f"command {action.name.lower()}": Command(0, 7, 0, 9, action) for action in Action if action < Action.SET_RATE},
    "command set_rate": Command(0, 65535, 2**32 - 1, 255, Action.SET_RATE, 500_000),
    "command of no known action": Command(0, 0, 0, 0, 200, 2**32 - 1),
}


def _body(type_: int, payload: bytes, version: int = 1) -> bytes:
    return struct.pack("<BBHHI", version, type_, *HEAD) + payload


def damaged() -> dict[str, tuple[str, bytes]]:
    """Reason and wire of frames that a reader drops; all but the first few have a right CRC."""
    whole = encode(FRAMES["heartbeat, the worked example"])
    found = {
        "COBS that points beyond its end": ("cobs", b"\0\5abc\0"),
        "COBS cut off": ("cobs", whole[:-3] + b"\0"),
        "an empty body": ("short", b"\0\1\0"),
        "a byte less than a header and its CRC": ("short", framed(_body(4, b"")[:-1])),
        "a byte more than a body has": ("long", framed(_body(2, bytes(MAX_BODY - 13)))),
        "one bit flipped": ("crc", whole[:12] + bytes([whole[12] ^ 4]) + whole[13:]),
        "another CRC": ("crc", whole[:-2] + bytes([whole[-2] ^ 0x80]) + b"\0"),
        "version 2": ("version", framed(_body(5, bytes(9), version=2))),
        "version 0": ("version", framed(_body(5, bytes(9), version=0))),
        "type 0": ("type", framed(_body(0, b""))),
        "type 6": ("type", framed(_body(6, b"later"))),
        "type 0x82": ("type", framed(_body(0x82, bytes(6)))),
        "an event of kind 3": ("event", framed(_body(3, b"\3new"))),
    }
    return found | {
        name: ("payload", framed(_body(type_, payload)))
        for type_, payloads in ((1, _hellos()), (2, _broken_samples()), (0, _others()))
        for name, (type_, payload) in ((n, p if isinstance(p, tuple) else (type_, p)) for n, p in payloads.items())
    }


def _hello(*, device: bytes = b"\1a", signal: tuple[int, int, int] = (250_000, 3, 1), **parts: bytes) -> bytes:
    group = parts.get("group", struct.pack("<Bf", 1, 0.5) + b"\2uV")
    return device + b"\x011" + struct.pack("<IBH", *signal) + group + parts.get("names", b"\1x")


def _hellos() -> dict[str, bytes]:
    def group(resolution: float, alike: int = 1, unit: bytes = b"\2uV") -> bytes:
        return struct.pack("<Bf", alike, resolution) + unit

    return {
        "a hello of 10000 channels": _hello(signal=(250_000, 3, 10_000)),
        "a hello of 33 channels": _hello(signal=(250_000, 3, 33), group=group(1, 33), names=b"\1x" * 33),
        "a hello of no channel": _hello(signal=(250_000, 3, 0), group=b"", names=b""),
        "a hello at no rate": _hello(signal=(0, 3, 1)),
        "a hello of 4 bytes a sample": _hello(signal=(250_000, 4, 1)),
        "a hello with a group of none": _hello(group=group(1, 0)),
        "a hello with a group of too many": _hello(group=group(1, 2)),
        "a hello with a resolution of 0": _hello(group=group(0)),
        "a hello with a resolution below 0": _hello(group=group(-1)),
        "a hello with a resolution that is no number": _hello(group=group(float("nan"))),
        "a hello with a boundless resolution": _hello(group=group(float("inf"))),
        "a hello with a blank in the unit": _hello(group=group(1, unit=b"\3u V")),
        "a hello with a unit of 9 letters": _hello(group=group(1, unit=b"\tmicrovolt")),
        "a hello without an id": _hello(device=b"\0"),
        "a hello with an id of 25 letters": _hello(device=b"\x19" + b"a" * 25),
        "a hello with a slash in the id": _hello(device=b"\3a/b"),
        "a hello with a line end in the id": _hello(device=b"\2a\n"),
        "a hello with a letter beyond ASCII": _hello(device=b"\2a\xe9"),
        "a hello with a comma in a name": _hello(names=b"\3a,b"),
        "a hello with a plus in a name": _hello(names=b"\3a+b"),
        "a hello with an empty name": _hello(names=b"\0"),
        "a hello with one name twice": _hello(signal=(1, 2, 2), group=group(1, 2), names=b"\1x\1x"),
        "a hello that breaks off": _hello(names=b"\2x"),
        "a hello that goes on": _hello(names=b"\1x\1y"),
        "a hello of nothing": b"",
    }


def _broken_samples() -> dict[str, bytes]:
    def samples(coding: int, channels: int, count: int, data: bytes) -> bytes:
        return struct.pack("<IBBB", 1000, coding, channels, count) + data

    return {
        "samples a byte too short": samples(0, 2, 3, bytes(11)),
        "samples a byte too long": samples(0, 2, 3, bytes(13)),
        "samples without data": samples(0, 1, 1, b""),
        "samples of less than their own header": samples(0, 1, 1, b"")[:6],
        "samples of no channel": samples(0, 0, 3, b""),
        "samples of 33 channels": samples(0, 33, 1, bytes(66)),
        "no samples": samples(0, 2, 0, b""),
        "samples in coding 5": samples(5, 1, 1, bytes(2)),
        "a difference beyond the upper end": samples(2, 1, 2, struct.pack("<hb", 32700, 100)),
        "a difference beyond the lower end": samples(2, 1, 2, struct.pack("<hb", -32700, -100)),
        "a difference that says missing": samples(2, 1, 2, struct.pack("<hb", -32767, -1)),
        "a delta frame that begins missing": samples(3, 1, 2, b"\0\0\x80\1"),
        "a difference that goes out and comes back": samples(4, 1, 3, b"\xff\xff\x7f" + struct.pack("<hh", 1, -1)),
    }


def _others() -> dict[str, tuple[int, bytes]]:
    return {
        "an event of no kind": (3, b""),
        "leads too short": (3, b"\0\0\0\0"),
        "a button pressed twice": (3, b"\1\1\2"),
        "a battery of 101 percent": (3, b"\2\x65\0\0"),
        "an ack of result 5": (4, b"\1\5"),
        "an ack too long": (4, b"\1\0\0"),
        "a heartbeat too long": (5, bytes(10)),
        "a heartbeat that streams twice": (5, bytes(8) + b"\2"),
        "a command too short": (0x81, bytes(5)),
        "a command too long": (0x81, bytes(7)),
    }


def streams(frames: dict[str, bytes]) -> dict[str, tuple[list[str], bytes]]:
    """What a reader makes of bytes that are more, or less, than whole frames."""
    one, two = "heartbeat, the worked example", "ack done"
    first, second = frames[one], frames[two]
    return {
        "two frames": ([one, two], first + second),
        "one edge between two frames": ([one, two], first[:-1] + second),
        "edges and nothing": ([one], bytes(300) + first + bytes(300)),
        "no edge before the first frame": ([one], first[1:]),
        "a frame not yet ended": ([one], first + second[:-1]),
        "joined in the middle": (["cobs", two], first[5:] + second),
        "a frame cut off by the next": (["cobs", two], first[:9] + second),
        "letters before a frame": (["cobs", one], b"boot: ok\r\n" + first),
        "243 bytes without an edge": (["long", one], b"\1" * 243 + first),
        "1000 bytes without an edge": (["long", one], b"\1" * 1000 + first),
        "a byte became an edge": (["cobs", "cobs", two], first[:8] + b"\0" + first[9:] + second),
        "an edge became a byte": (["cobs", two, one], first[:-1] + b"\7" + second + first),
    }


if __name__ == "__main__":
    sys.exit(main())
