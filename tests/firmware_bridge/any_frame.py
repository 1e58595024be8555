"""Hypothesis strategies: any frame that the protocol allows, and the values of its samples."""

import string

import numpy as np
from hypothesis import strategies as st

from firmware_bridge.coding import MISSING, WIDTHS, data_of, room_for
from firmware_bridge.frames import (
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

U8, U16, U32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
_eight = st.binary(min_size=8, max_size=8)
HEAD = (U16, U16, U32)
PRINTABLE = string.digits + string.ascii_letters + string.punctuation
_words = st.text(PRINTABLE, min_size=1, max_size=8)
_resolutions = st.floats(2**-126, 2.0**127, width=32)
_channels = st.builds(
    Channel, st.text(PRINTABLE.replace(",", "").replace("+", ""), min_size=1, max_size=8), _words, _resolutions
)


def _ids(longest):
    return st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=longest)


@st.composite
def values(draw, coding, channels=None):
    """(channels, count) that fit one frame of `coding`."""
    channels = channels or draw(st.integers(1, 32))
    count = draw(st.integers(1, room_for(coding, channels)))
    base, step = WIDTHS[coding]
    top = (1 << (8 * base - 1)) - 1
    noise = np.random.default_rng(draw(U32))
    if not step:
        found = noise.integers(-top, top, (channels, count), np.int32, endpoint=True)
        found[noise.random(found.shape) < draw(st.sampled_from([0, 0.1, 1]))] = MISSING
        return found
    reach = 1 << (8 * step - 1)
    found = noise.integers(-reach, reach, (channels, count))
    found[:, 0] = draw(st.integers(-top, top))
    return _inside(found, top)


def _inside(steps, top):
    """Running sums of `steps` where those that lead out of the range are left out."""
    found = np.zeros(steps.shape, np.int32)
    found[:, 0] = steps[:, 0]
    for at in range(1, steps.shape[1]):
        there = found[:, at - 1] + steps[:, at]
        found[:, at] = np.where(np.abs(there) <= top, there, found[:, at - 1])
    return found


@st.composite
def samples(draw):
    coding = draw(st.sampled_from(Coding))
    numbers = draw(values(coding))
    return Samples(*map(draw, HEAD), draw(U32), coding, *numbers.shape, data_of(numbers, coding))


def hellos():
    """Short enough for one frame."""
    channels = st.lists(_channels, min_size=1, max_size=6, unique_by=lambda channel: channel.name).map(tuple)
    return st.builds(Hello, *HEAD, _ids(24), _ids(16), st.integers(1, (1 << 32) - 1), st.sampled_from([2, 3]), channels)


def bodies():
    """Bodies without their CRC: of a known version and type, and then anything."""
    heads = st.builds(lambda type_, rest: b"\1" + bytes([type_]) + rest, st.sampled_from([*range(7), 0x81]), _eight)
    return st.one_of(st.binary(max_size=237), st.builds(lambda head, rest: head + rest, heads, st.binary(max_size=227)))


def frames():
    return st.one_of(
        hellos(),
        samples(),
        st.builds(Leads, *HEAD, U32),
        st.builds(Button, *HEAD, U8, st.booleans()),
        st.builds(Battery, *HEAD, st.integers(0, 100), U16),
        st.builds(Ack, *HEAD, U8, st.sampled_from(Result)),
        st.builds(Heartbeat, *HEAD, U32, U32, st.booleans()),
        st.builds(Command, *HEAD, U8, U8, U32),
    )
