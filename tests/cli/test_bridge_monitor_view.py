from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeguard.cli.bridge_monitor_view import plain, view
from edgeguard.cli.console import styled
from firmware_bridge.decoder import DecoderCounts
from firmware_bridge.frames import Channel, Hello
from firmware_bridge.monitoring import Standing
from firmware_bridge.session import SessionCounts


def hello(channels):
    names = tuple(Channel(f"L{number}", "mV", 0.001) for number in range(channels))
    return Hello(1, 0, 0, "edge-01", "1.4.2", 250_000, 3, names)


GOOD = Standing(
    link="serial:/dev/ttyACM0",
    state="connected",
    why="",
    seconds=754.2,
    breaks=0,
    hello=hello(2),
    rate_hz=249.981,
    drift_ppm=23.4,
    counts=SessionCounts(samples=188_341),
    decoded=DecoderCounts(frames=7544, bytes=10**6),
    battery=0.87,
    leads_off=frozenset(),
    signal=np.sin(np.arange(1500, dtype=np.float32) / 25) * np.array([[1], [200]], dtype=np.float32),
)
BAD = replace(
    GOOD,
    breaks=2,
    rate_hz=220.0,
    drift_ppm=-900.0,
    battery=0.05,
    leads_off=frozenset({1}),
    counts=SessionCounts(samples=10, gaps=3, missing=75, lost_on_wearable=4, restarts=1, duplicates=6, late=7),
    decoded=DecoderCounts(frames=50, crc=3, cobs=1),
)
NOBODY = replace(
    GOOD, state="connecting", hello=None, rate_hz=None, drift_ppm=None, battery=None, signal=np.empty((0, 0))
)


def text_of(now, width=80, height=24, *, braille=True):
    return ["".join(text for text, _ in line) for line in view(now, width, height, braille=braille)]


def styles_of(now, word):
    return {style for line in view(now, 80, 24, braille=True) for text, style in line if word in text}


def test_it_says_who_is_there_and_how_it_does():
    assert text_of(GOOD)[:6] == [
        "edge-01  firmware 1.4.2, 2 channels, 24 bit, 250 Hz",
        "serial:/dev/ttyACM0  connected for 12:34",
        "rate     249.98 Hz measured, 250 promised   clock +23 ppm",
        "battery  87%   leads on",
        "samples  188341   gaps 0   missing 0   lost on wearable 0   restarts 0",
        "frames   7544   damaged 0   twice 0   late 0",
    ]


def test_what_is_wrong_stands_out():
    lines = text_of(BAD)
    assert lines[1].endswith("connected for 12:34, breaks so far 2")
    assert lines[3] == "battery  5%   leads L1 off"
    assert lines[4] == "samples  10   gaps 3   missing 75   lost on wearable 4   restarts 1"
    assert lines[5] == "frames   50   damaged 4 (cobs 1, crc 3)   twice 6   late 7"
    for word, style in (("220.00", "bad"), ("-900", "note"), ("5%", "bad"), ("L1 off", "bad"), ("crc", "note")):
        assert styles_of(BAD, word) == {style}, word
    assert styles_of(GOOD, "249.98") == {"good"}


def test_before_anybody_has_answered():
    assert text_of(NOBODY)[:4] == [
        "no wearable yet",
        "serial:/dev/ttyACM0  connecting for 12:34",
        "rate     not measured yet   clock drift not known yet",
        "battery  not told   leads on",
    ]


def test_a_link_that_is_down_says_why():
    lines = text_of(replace(GOOD, state="down", why="serial:/dev/ttyACM0 has vanished: \x1b[2J plug it in"))
    assert lines[1].startswith("serial:/dev/ttyACM0  down for 12:34")
    assert lines[6] == "serial:/dev/ttyACM0 has vanished: ?[2J plug it in"


@pytest.mark.parametrize("channels", [1, 2, 8, 32])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (200, 60), (10, 3)])
def test_it_fits_the_terminal(channels, width, height):
    signal = np.zeros((channels, 1500), dtype=np.float32)
    lines = text_of(replace(GOOD, hello=hello(channels), signal=signal), width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_every_channel_has_its_name_its_range_and_its_signal():
    lines = text_of(GOOD)[7:]
    first, second = lines[0], lines[6]
    assert (first[:3], second[:3]) == ("L0 ", "L1 ")
    assert lines[1].startswith("-1..1 mV")
    assert lines[7].startswith("-200..200 mV")
    assert any(cell > "⠀" for cell in first[18:])
    assert len(lines) == 2 * 6 + 1


def test_channels_that_find_no_room_are_told():
    lines = text_of(replace(GOOD, hello=hello(32), signal=np.zeros((32, 1500), dtype=np.float32)))
    assert lines[-1] == "the last 6 s; 16 more channels would need a taller terminal; Ctrl-C ends"


def test_without_samples_and_on_a_terminal_of_ascii():
    lines = text_of(replace(GOOD, signal=np.full((2, 1500), np.nan, dtype=np.float32)), braille=False)
    assert lines[8].strip() == "no samples"
    assert "".join(lines[7:]).isascii()
    assert "".join(text_of(GOOD, braille=False)[7:]).isascii()


def test_one_line_for_a_pipe():
    assert plain(GOOD) == (
        "edge-01: 249.98 of 250 Hz, 188341 samples, 0 gaps, 0 missing, 0 CRC errors, 0 other pieces dropped, "
        "0 restarts, battery 87%"
    )
    assert plain(BAD).endswith("3 CRC errors, 1 other pieces dropped, 1 restarts, battery 5%, leads off: L1")
    assert plain(NOBODY) == "serial:/dev/ttyACM0  connecting for 12:34"
    down = replace(GOOD, state="down", why="it has vanished")
    assert plain(down) == "serial:/dev/ttyACM0  down for 12:34  it has vanished"


def test_rich_draws_every_style():
    assert styled(view(BAD, 80, 24, braille=True)).plain == "\n".join(text_of(BAD))
