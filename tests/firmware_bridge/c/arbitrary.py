"""Frames of a wearable, drawn by hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from firmware_bridge.coding import WIDTHS, data_of, room_for
from firmware_bridge.frames import Ack, Battery, Button, Channel, Coding, Heartbeat, Hello, Leads, Result, Samples

LETTERS = "ABCXYZabcxyz0189._-"
PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F))
NAMES = st.text([letter for letter in PRINTABLE if letter not in ",+"], min_size=1, max_size=8)
FLOATS = st.floats(0, exclude_min=True, allow_infinity=False, width=32)
BYTE, HALF, WORD = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
HEAD = (HALF, HALF, WORD)


@st.composite
def hellos(draw):
    """At most 6 channels: they have room whatever their names are."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    alike = st.tuples(st.text(PRINTABLE, min_size=1, max_size=8), FLOATS)
    kinds = draw(st.lists(alike, min_size=1, max_size=3))
    channels = tuple(Channel(name, *draw(st.sampled_from(kinds))) for name in names)
    device, firmware = draw(st.text(LETTERS, min_size=1, max_size=24)), draw(st.text(LETTERS, min_size=1, max_size=16))
    head = [draw(one) for one in HEAD]
    return Hello(*head, device, firmware, draw(st.integers(1, 2**32 - 1)), draw(st.sampled_from([2, 3])), channels)


@st.composite
def samples(draw):
    coding, channels = draw(st.sampled_from(Coding)), draw(st.integers(1, 32))
    count = draw(st.integers(1, room_for(coding, channels)))
    base, difference = WIDTHS[coding]
    random = np.random.default_rng(draw(WORD))
    most = 2 ** (8 * base - 1) - 1
    if difference:
        reach = 2 ** (8 * difference - 1)
        values = np.cumsum(random.integers(-reach, reach, (channels, count)), axis=1)
        values = np.clip(values + random.integers(-most, most + 1, (channels, 1)), -most, most)
    else:
        values = random.integers(-most, most + 1, (channels, count))
        values[random.random((channels, count)) < 0.1] = -(2**31)
    data = data_of(values.astype(np.int32), coding)
    return Samples(*(draw(one) for one in HEAD), draw(WORD), coding, channels, count, data)


FRAMES = st.one_of(
    hellos(),
    samples(),
    st.builds(Leads, *HEAD, WORD),
    st.builds(Button, *HEAD, BYTE, st.booleans()),
    st.builds(Battery, *HEAD, st.integers(0, 100), HALF),
    st.builds(Ack, *HEAD, BYTE, st.sampled_from(Result)),
    st.builds(Heartbeat, *HEAD, WORD, WORD, st.booleans()),
)
