import dataclasses
import struct

import pytest

from firmware_bridge.errors import FrameError
from firmware_bridge.frames import (
    MAX_CHANNELS,
    Ack,
    Battery,
    Button,
    Channel,
    Coding,
    Command,
    Heartbeat,
    Hello,
    Leads,
    Result,
    Samples,
)

ECG = Channel("ECG1", "uV", 0.0481)
HELLO = Hello(1, 2, 3, "wrist-1", "1.0", 250_000, 3, (ECG,))
FRAMES = [
    HELLO,
    Samples(1, 2, 3, 4, Coding.PACKED16, 1, 1, b"ab"),
    Leads(1, 2, 3, 0),
    Button(1, 2, 3, 4, True),
    Battery(1, 2, 3, 50, 3700),
    Ack(1, 2, 3, 4, Result.DONE),
    Heartbeat(1, 2, 3, 4, 5, True),
    Command(1, 2, 3, 4, 5, 6),
]
HIGHEST = {
    "boot": 0xFFFF,
    "sequence": 0xFFFF,
    "clock_us": 0xFFFFFFFF,
    "rate_mhz": 0xFFFFFFFF,
    "width": 3,
    "index": 0xFFFFFFFF,
    "coding": 4,
    "channels": 32,
    "count": 255,
    "off": 0xFFFFFFFF,
    "number": 255,
    "pressed": 1,
    "percent": 100,
    "millivolts": 0xFFFF,
    "id": 255,
    "result": 4,
    "next_index": 0xFFFFFFFF,
    "lost": 0xFFFFFFFF,
    "streaming": 1,
    "action": 255,
    "argument": 0xFFFFFFFF,
}
LOWEST = {"rate_mhz": 1, "width": 2, "channels": 1, "count": 1}
FIELDS = [
    (frame, field.name)
    for frame in FRAMES
    for field in dataclasses.fields(frame)
    if isinstance(getattr(frame, field.name), int)
]


@pytest.mark.parametrize(("frame", "name"), FIELDS, ids=lambda one: one if isinstance(one, str) else type(one).__name__)
def test_every_number_keeps_to_its_range(frame, name):
    lowest, highest = LOWEST.get(name, 0), HIGHEST[name]
    assert getattr(dataclasses.replace(frame, **{name: highest}), name) == highest
    assert getattr(dataclasses.replace(frame, **{name: lowest}), name) == lowest
    for beyond in (lowest - 1, highest + 1):
        with pytest.raises(FrameError, match=str(beyond)):
            dataclasses.replace(frame, **{name: beyond})


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_cannot_be_changed(frame):
    with pytest.raises(dataclasses.FrozenInstanceError):
        frame.boot = 0


def test_the_resolution_is_the_one_that_goes_over_the_wire():
    assert ECG.resolution == struct.unpack("<f", struct.pack("<f", 0.0481))[0] != 0.0481
    assert Channel("ECG1", "uV", ECG.resolution) == ECG


@pytest.mark.parametrize("resolution", [0, -1, float("nan"), float("inf"), 3.5e38, 1e-46])
def test_a_resolution_is_a_single_above_zero(resolution):
    with pytest.raises(FrameError, match="ECG1 has a resolution of"):
        Channel("ECG1", "uV", resolution)


@pytest.mark.parametrize("name", ["", "a" * 9, "a b", "a,b", "a+b", "a\n", "µ", "\x7f"])
def test_channels_have_names_that_can_be_printed_and_joined(name):
    with pytest.raises(FrameError, match="1 to 8 printable"):
        Channel(name, "uV", 1)


@pytest.mark.parametrize("unit", ["", "a" * 9, "a b", "µV", "u\0"])
def test_units_can_be_printed(unit):
    with pytest.raises(FrameError, match="1 to 8 printable"):
        Channel("a", unit, 1)


def test_units_and_names_may_have_any_other_letter():
    assert Channel("!*-.~", "m+s,~", 1).name == "!*-.~"


@pytest.mark.parametrize("device", ["", "a" * 25, "a/b", "a b", "é", "a\n"])
def test_the_id_can_stand_in_a_topic(device):
    with pytest.raises(FrameError, match="device id"):
        dataclasses.replace(HELLO, device=device)


@pytest.mark.parametrize("firmware", ["", "1" * 17, "1 2", "1\n"])
def test_the_firmware_has_a_version(firmware):
    with pytest.raises(FrameError, match="firmware"):
        dataclasses.replace(HELLO, firmware=firmware)


def test_a_rate_of_zero_is_none():
    with pytest.raises(FrameError, match="0 Hz"):
        dataclasses.replace(HELLO, rate_mhz=0)


def test_a_hello_has_1_to_32_channels_each_with_its_own_name():
    many = tuple(Channel(f"c{k}", "uV", 1) for k in range(MAX_CHANNELS + 1))
    assert len(dataclasses.replace(HELLO, channels=many[:-1]).channels) == 32
    for wrong, said in (((), "0 channels"), (many, "33 channels"), ((ECG, ECG), "two channels are called ECG1")):
        with pytest.raises(FrameError, match=said):
            dataclasses.replace(HELLO, channels=wrong)


@pytest.mark.parametrize(
    "made",
    [
        lambda text: dataclasses.replace(HELLO, device=text),
        lambda text: dataclasses.replace(HELLO, firmware=text),
        lambda text: Channel(text, text, 1),
    ],
)
def test_what_is_said_of_a_text_is_short_and_escaped(made):
    with pytest.raises(FrameError) as caught:
        made("\x1b[2J\n\U0001f600" * 1000)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


def test_flags_and_results_are_what_they_say():
    assert Button(1, 2, 3, 4, 1).pressed is True
    assert Heartbeat(1, 2, 3, 4, 5, 0).streaming is False
    assert Ack(1, 2, 3, 4, 3).result is Result.NOT_NOW


def test_the_rate_in_hertz():
    assert dataclasses.replace(HELLO, rate_mhz=127_988).rate_hz == 127.988
