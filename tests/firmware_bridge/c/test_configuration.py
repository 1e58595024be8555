"""What eg_init takes and what it refuses."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from firmware_bridge import frames, wire
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import Action, Channel, Hello
from tests.firmware_bridge.c.building import SOURCE
from tests.firmware_bridge.c.script import Script, frames_of, wire_of

HEADER = (SOURCE / "edgeguard_bridge.h").read_text(encoding="utf-8")
REFUSALS = re.findall(r"^    (EG_\w+)", HEADER[HEADER.index("    EG_FINE = 0") :].split("}")[0], re.MULTILINE)


def one(name="I", unit="uV", resolution=0.5):
    """One channel, right or wrong."""
    return (SimpleNamespace(name=name, unit=unit, resolution=resolution),)


@pytest.mark.parametrize(
    ("refusal", "options"),
    [
        ("EG_FINE", {}),
        ("EG_FINE", {"device": "A-Z.a_z09" + "x" * 15, "firmware": "1.0.0-rc_1", "channels": one("~!", "~!")}),
        ("EG_FINE", {"channels": one(resolution=1e-45), "rate_mhz": 2**32 - 1, "ring": 22}),
        ("EG_BAD_DEVICE", {"device": ""}),
        ("EG_BAD_DEVICE", {"device": "x" * 25}),
        ("EG_BAD_DEVICE", {"device": "chest 1"}),
        ("EG_BAD_FIRMWARE", {"firmware": "x" * 17}),
        ("EG_BAD_FIRMWARE", {"firmware": "1/2"}),
        ("EG_BAD_RATE", {"rate_mhz": 0}),
        ("EG_BAD_WIDTH", {"width": 1}),
        ("EG_BAD_WIDTH", {"width": 4}),
        ("EG_BAD_CHANNELS", {"channels": 0}),
        ("EG_BAD_CHANNELS", {"channels": 33, "ring": 60000}),
        ("EG_BAD_NAME", {"channels": one("ninechars")}),
        ("EG_BAD_NAME", {"channels": one("a,b")}),
        ("EG_BAD_NAME", {"channels": one("a+b")}),
        ("EG_BAD_NAME", {"channels": one("")}),
        ("EG_BAD_NAME", {"channels": one() + one()}),
        ("EG_BAD_UNIT", {"channels": one(unit="a b")}),
        ("EG_BAD_UNIT", {"channels": one(unit="\x7f")}),
        ("EG_BAD_RESOLUTION", {"channels": one(resolution=0.0)}),
        ("EG_BAD_RESOLUTION", {"channels": one(resolution=-1.0)}),
        ("EG_BAD_RESOLUTION", {"channels": one(resolution=float("inf"))}),
        ("EG_BAD_RESOLUTION", {"channels": one(resolution=float("nan"))}),
        ("EG_BAD_RING", {"ring": 21}),
    ],
)
def test_a_configuration_is_checked(bridge, refusal, options):
    assert REFUSALS[bridge(Script().init(**options))[0]] == refusal


@pytest.mark.parametrize("length", [14, 15])
def test_a_hello_has_the_same_room_as_at_the_python_end(bridge, length):
    texts = {"device": "w" * 24, "firmware": "1" * length}
    channels = tuple(Channel(f"chan{k}", f"micro{k}", 1.0) for k in range(10))
    refusal = "EG_FINE"
    try:
        wire.encode(Hello(0, 0, 0, *texts.values(), 250_000, 3, channels))
    except FrameError:
        refusal = "EG_HELLO_TOO_LONG"
    assert (length == 15) == (refusal == "EG_HELLO_TOO_LONG")
    assert REFUSALS[bridge(Script().init(channels, **texts, ring=60000))[0]] == refusal


@pytest.mark.parametrize("wrong", [{"device": ""}, {"ring": 0}, {"rate_mhz": 0}])
def test_a_bridge_that_was_refused_is_silent(bridge, wrong):
    script = Script().init(**wrong).command(Action.START).push([1]).leads(1).poll().poll(2_000_000)
    assert wire_of(bridge(script)) == b""


def test_32_channels_have_room(bridge):
    channels = tuple(Channel(f"c{k}", "uV", 0.5) for k in range(32))
    hello = frames_of(bridge(Script().init(channels, ring=60000).poll()))[0]
    assert hello.channels == channels


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EG_VERSION", frames.VERSION),
        ("EG_MAX_FRAME", frames.MAX_FRAME),
        ("EG_MAX_PAYLOAD", frames.MAX_PAYLOAD),
        ("EG_MAX_CHANNELS", frames.MAX_CHANNELS),
    ],
)
def test_the_header_has_the_sizes_of_the_python_end(name, value):
    assert re.search(rf"#define {name} (\d+)\n", HEADER)[1] == str(value)


@pytest.mark.parametrize("numbers", [frames.Action, frames.Result])
def test_the_header_has_the_numbers_of_the_python_end(numbers):
    for number in numbers:
        assert re.search(rf"\bEG_{number.name} = {number.value}\b", HEADER)
