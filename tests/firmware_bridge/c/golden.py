"""The golden frames of vectors.json, and what the C end is to make of each."""

from __future__ import annotations

import json
from pathlib import Path

from firmware_bridge import frames
from firmware_bridge.frames import Channel, Coding, Command
from tests.firmware_bridge.c.reproducing import script_for
from tests.firmware_bridge.c.script import Script

VECTORS = json.loads((Path(frames.__file__).parent / "vectors.json").read_text(encoding="utf-8"))


def frame_of(record):
    """The record as a frame, without the help of a decoder."""
    values = {key: value for key, value in record.items() if key not in ("type", "values")}
    if "data" in values:
        values |= {"data": bytes.fromhex(values["data"]), "coding": Coding(values["coding"])}
    if record["type"] == "hello":
        values["channels"] = tuple(Channel(**channel) for channel in values["channels"])
    return getattr(frames, record["type"].capitalize())(**values)


FRAMES = [(one["name"], frame_of(one["frame"]), bytes.fromhex(one["wire"])) for one in VECTORS["frames"]]
SENT = [(name, frame, wire) for name, frame, wire in FRAMES if not isinstance(frame, Command)]
COMMANDS = [(name, frame, wire) for name, frame, wire in FRAMES if isinstance(frame, Command)]
OTHERS = [(one["name"], bytes.fromhex(one["wire"])) for one in VECTORS["damaged"] + VECTORS["streams"]]
OTHERS += [(name, wire) for name, _, wire in SENT]

SCRIPTS = [script_for(frame) for _, frame, _ in SENT]
OBEYING = [Script().init().state().receive(wire).poll() for _, _, wire in COMMANDS]
SILENT = [Script().init().state().receive(wire).poll().command(7).poll() for _, wire in OTHERS]
