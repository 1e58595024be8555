from dataclasses import replace

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.coding import values_of
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import MAX_FRAME, Channel, Coding, Hello, Samples
from firmware_bridge.wire import encode, framed, parse
from tests.firmware_bridge import plain_wire
from tests.firmware_bridge.any_frame import bodies, frames

HELLO = Hello(1, 2, 3, "wrist-1", "1.0", 250_000, 3, (Channel("ECG1", "uV", 0.0481),))


@given(frames())
def test_every_frame_comes_back(frame):
    assert parse(plain_wire.body_of(encode(frame))) == frame


@given(frames())
def test_a_whole_frame_fits_one_notification(frame):
    assert len(encode(frame)) <= MAX_FRAME == 244


@given(st.binary(max_size=237))
def test_a_body_is_framed_as_the_definitions_say(body):
    plain = body + plain_wire.crc32c(body).to_bytes(4, "little")
    assert framed(body) == b"\0" + plain_wire.cobs_encoded(plain) + b"\0"


def test_the_crc_is_castagnolis():
    assert google_crc32c.value(b"123456789") == plain_wire.crc32c(b"123456789") == 0xE3069283


def test_a_hello_that_is_too_long_says_so():
    many = tuple(Channel(f"channel{k}"[-8:], f"unit{k}", 1) for k in range(30))
    with pytest.raises(FrameError, match=r"a hello of \d+ bytes where 227 have room"):
        encode(replace(HELLO, channels=many))


@pytest.mark.parametrize("data", [b"", b"abc", b"abcde"])
def test_samples_have_the_data_that_they_say(data):
    with pytest.raises(FrameError, match=f"2 samples of 1 channels in {len(data)} bytes: PACKED16 takes 4"):
        encode(Samples(1, 2, 3, 4, Coding.PACKED16, 1, 2, data))


@given(bodies())
def test_any_body_is_a_frame_or_refused(body):
    try:
        frame = parse(body)
    except FrameError:
        return
    assert parse(plain_wire.body_of(encode(frame))) == frame


@given(
    st.sampled_from([(2, 2, 1), (3, 3, 1), (4, 3, 2)]),
    st.lists(st.tuples(st.booleans(), st.integers(0, 70_000)), min_size=1, max_size=3),
    st.binary(max_size=40),
)
def test_differences_are_taken_just_where_no_sum_leaves_the_range(coding, ends, steps):
    number, base, step = coding
    top = (1 << 8 * base - 1) - 1
    first = [max(top - way, 0) * (1 if upper else -1) for upper, way in ends]
    count = 1 + len(steps) // (step * len(first))
    data = b"".join(one.to_bytes(base, "little", signed=True) for one in first)
    data += steps[: (count - 1) * step * len(first)]
    inside = all(abs(value) <= top for channel in plain_wire.values(number, len(first), data) for value in channel)
    body = b"\1\2" + bytes(12) + bytes([number, len(first), count]) + data
    try:
        frame = parse(body)
    except FrameError:
        assert not inside
        return
    assert inside
    assert values_of(frame).tolist() == plain_wire.values(number, len(first), data)


def test_a_hello_may_part_channels_that_are_alike():
    two = replace(HELLO, channels=(Channel("a", "uV", 1), Channel("b", "uV", 1)))
    body = plain_wire.body_of(encode(two))
    group = b"\0\0\x80\x3f\2uV"
    assert parse(body.replace(b"\2" + group, (b"\1" + group) * 2)) == two
