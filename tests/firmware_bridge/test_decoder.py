import tracemalloc
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.frames import MAX_FRAME, Ack, Channel, Hello, Leads, Result
from firmware_bridge.wire import encode, framed
from tests.firmware_bridge.any_frame import bodies, frames

FIRST, SECOND = Leads(1, 2, 3, 4), Ack(5, 6, 7, 8, Result.NOT_NOW)
SEVERAL = st.lists(frames(), min_size=1, max_size=4)
PIECES = st.one_of(st.binary(max_size=40), frames().map(encode), bodies().map(framed), st.just(b"\x01" * 300))
STREAMS = st.lists(PIECES, max_size=6).map(b"".join)


def decoded(data):
    return Decoder().feed(data)


def whole(data):
    return [one for one in decoded(data) if not isinstance(one, Rejected)]


def reasons(data):
    return [one.reason for one in decoded(data) if isinstance(one, Rejected)]


@given(SEVERAL)
def test_frames_come_in_their_order(several):
    decoder = Decoder()
    assert decoder.feed(b"".join(map(encode, several))) == several
    assert decoder.counts.frames == len(several)
    assert decoder.counts.rejected == 0


@given(STREAMS, st.lists(st.integers(0, 2000)))
def test_how_the_bytes_are_parted_does_not_matter(stream, cuts):
    at_once, in_parts = Decoder(), Decoder()
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    parts = [stream[start:stop] for start, stop in pairwise(edges)]
    assert [one for part in parts for one in in_parts.feed(part)] == at_once.feed(stream)
    assert in_parts.counts == at_once.counts
    assert in_parts.held == at_once.held


@given(STREAMS)
def test_byte_by_byte_no_more_than_a_frame_is_held(stream):
    decoder = Decoder()
    for byte in stream:
        decoder.feed(bytes([byte]))
        assert decoder.held <= MAX_FRAME


@given(STREAMS)
def test_everything_is_counted(stream):
    decoder = Decoder()
    came = decoder.feed(stream)
    counts = asdict(decoder.counts)
    assert counts.pop("bytes") == len(stream)
    assert counts.pop("frames") == sum(not isinstance(one, Rejected) for one in came)
    dropped = [one.reason for one in came if isinstance(one, Rejected)]
    assert counts == {reason: dropped.count(reason) for reason in counts}


@given(STREAMS)
def test_every_detail_is_one_short_plain_line(stream):
    for one in decoded(stream):
        if isinstance(one, Rejected):
            assert one.detail.isprintable()
            assert one.detail.isascii()
            assert 0 < len(one.detail) < 300


@given(STREAMS, frames())
def test_a_whole_frame_behind_any_garbage_is_found(garbage, frame):
    assert decoded(garbage + encode(frame))[-1] == frame


@given(frames(), STREAMS)
def test_garbage_behind_a_frame_does_not_hurt_it(frame, garbage):
    assert decoded(encode(frame) + garbage)[0] == frame


def _touched(several, at):
    """The frames whose bytes, edges included, stand at `at` of the stream."""
    ends = np.cumsum([len(encode(frame)) for frame in several])
    return several[: np.searchsorted(ends, at, side="right")], several[np.searchsorted(ends, at, side="right") + 1 :]


@given(SEVERAL, st.data())
def test_a_changed_byte_costs_at_most_the_frame_that_it_lies_in(several, data):
    stream = bytearray(b"".join(map(encode, several)))
    at = data.draw(st.integers(0, len(stream) - 1))
    stream[at] ^= data.draw(st.one_of(st.integers(1, 255), st.just(stream[at] or 1)))  # also to and from an edge
    before, after = _touched(several, at)
    end = b"\0"  # in case the last edge was hit
    found = whole(bytes(stream) + end)
    assert found[: len(before)] == before
    assert found[len(found) - len(after) :] == after
    assert len(several) - 1 <= len(found) <= len(several)


@given(SEVERAL, st.data())
def test_a_deleted_byte_costs_at_most_the_frame_that_it_lay_in(several, data):
    stream = b"".join(map(encode, several))
    at = data.draw(st.integers(0, len(stream) - 1))
    before, after = _touched(several, at)
    found = whole(stream[:at] + stream[at + 1 :] + b"\0")
    assert found[: len(before)] == before
    assert found[len(found) - len(after) :] == after


@given(SEVERAL, st.data())
def test_inserted_bytes_cost_at_most_the_frame_that_they_part(several, data):
    stream = b"".join(map(encode, several))
    at = data.draw(st.integers(0, len(stream)))
    inserted = data.draw(st.binary(min_size=1, max_size=5))
    found = whole(stream[:at] + inserted + stream[at:])
    lost = [frame for frame in several if frame not in found]
    ends = [0, *np.cumsum([len(encode(frame)) for frame in several])]
    assert len(found) == len(several) if at in ends else len(lost) <= 1


@given(frames(), frames())
def test_a_lost_edge_of_two_still_leaves_one(first, second):
    start, end = encode(first), encode(second)
    assert decoded(start[:-1] + end) == decoded(start + end[1:]) == [first, second]


@given(frames(), frames(), frames())
def test_two_lost_edges_cost_the_two_frames_that_they_parted(first, second, third):
    joined = encode(first)[:-1] + encode(second)[1:] + encode(third)
    assert whole(joined) == [third]


@given(frames())
def test_the_start_of_the_stream_is_an_edge(frame):
    assert decoded(encode(frame)[1:]) == [frame]


def test_edges_alone_are_nothing():
    decoder = Decoder()
    assert decoder.feed(bytes(1000)) == []
    assert decoder.counts.rejected == 0


def test_too_long_is_said_at_once_and_only_once():
    decoder = Decoder()
    assert decoder.feed(b"\1" * 242) == []
    assert [one.reason for one in decoder.feed(b"\1")] == ["long"]
    assert decoder.feed(b"\1" * 10_000) == []
    assert decoder.held == 0
    assert decoder.feed(b"\1\0" + encode(FIRST)) == [FIRST]
    assert decoder.counts.long == 1


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_takes_bytes_of_every_kind(kind):
    decoder = Decoder()
    sent = encode(FIRST) + encode(SECOND)
    assert decoder.feed(kind(sent[:30])) + decoder.feed(kind(sent[30:])) == [FIRST, SECOND]


def test_no_reason_is_left_to_chance():
    sent = encode(FIRST)
    assert reasons(sent[:12] + b"\x55" + sent[13:]) in (["cobs"], ["crc"])
    body = b"\x02\x01" + bytes(8)
    said = decoded(framed(body))[0].detail
    assert said == "a frame of protocol version 2; this reader knows 1: update edgeguard"


def test_a_hello_is_not_believed_its_number_of_channels():
    sent = encode(Hello(1, 2, 3, "a", "1", 1000, 2, (Channel("x", "V", 1),)))
    body = b"\1\1" + bytes(8) + b"\1a\0011" + b"\xe8\3\0\0\2" + (10_000).to_bytes(2, "little")
    assert decoded(sent + framed(body))[1] == Rejected("payload", "10000 channels: 1 to 32 are possible")


@pytest.mark.parametrize("zeros", [0, 1 / 4000, 1 / 250])
def test_ten_megabytes_of_garbage_are_not_kept(zeros):
    noise = np.random.default_rng(7)
    chunk = noise.integers(1, 256, 50_000).astype(np.uint8)
    chunk[noise.random(50_000) < zeros] = 0
    decoder, data = Decoder(), chunk.tobytes()
    tracemalloc.start()
    try:
        for _ in range(200):
            decoder.feed(data)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < len(data)
    assert peak < 10 * len(data)
    assert decoder.held <= MAX_FRAME
    assert decoder.counts.bytes == 10_000_000
    assert decoder.counts.frames == 0
