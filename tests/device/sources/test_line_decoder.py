from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.sources.line_decoder import LineDecoder
from edgeguard.device.sources.text_rows import LONGEST
from edgeguard.errors import LinkError

HEAD = b'{"rate_hz": 360, "channels": ["MLII", "V5"], "units": ["mV", "mV"]}\n'


def decoded(*pieces, head=HEAD):
    """Index and values of every sample, whatever chunks they came in, and the lines that were no samples."""
    decoder, rows = LineDecoder(), []
    for piece in (head, *pieces):
        for samples in decoder.feed(piece):
            rows += [
                (samples.start + n, *(None if np.isnan(v) else v for v in column))
                for n, column in enumerate(samples.values.T.tolist())
            ]
    return rows, decoder.malformed


def test_lines_become_samples():
    decoder = LineDecoder()
    (samples,) = decoder.feed(HEAD + b"7,0.5,-1e-3\n8,2,.25\n")
    assert (decoder.header.rate_hz, decoder.header.channels) == (360, ("MLII", "V5"))
    assert (samples.start, samples.values.dtype) == (7, np.float32)
    np.testing.assert_array_equal(samples.values, np.array([[0.5, 2], [-1e-3, 0.25]], dtype=np.float32))


def test_a_jump_begins_other_samples():
    found = LineDecoder().feed(HEAD + b"1,0,0\n2,0,0\n9,0,0\n3,0,0\n4,0,0\n")
    assert [(samples.start, samples.values.shape[1]) for samples in found] == [(1, 2), (9, 1), (3, 2)]


@pytest.mark.parametrize("line", [b"5,,1", b"5,nan,1", b"5, NaN ,1\r", b"5,1e999,1", b"+5.0,,01", b"5e0,,1."])
def test_missing_values_and_odd_numbers_are_understood(line):
    assert decoded(line + b"\n") == ([(5, None, 1.0)], 0)


@pytest.mark.parametrize(
    "line",
    [
        *(b"5", b"5,1", b"5,1,2,3", b"x,1,2", b",1,2", b"-5,1,2", b"5.5,1,2", b"1e16,1,1", b"1_0,1,2", b"0x1,1,2"),
        *(b"5,inf,1", b"5,1;2", b"5,1,2],[6,1,2", b"5,null,2", b"5,1 2,3", b"\xff\x00\xfe", b"5,\xd9\xa1,2", b"5;1;2"),
        *(b"5,1,2" + b" " * LONGEST, b"[]" * LONGEST),
    ],
)
def test_a_malformed_line_is_counted_and_its_neighbors_are_not_lost(line):
    assert decoded(b"4,1,1\n" + line + b"\n6,2,2\n") == ([(4, 1, 1), (6, 2, 2)], 1)


def test_blank_lines_are_nothing():
    assert decoded(b"\n4,1,1\r\n  \n5,1,1\n") == ([(4, 1, 1), (5, 1, 1)], 0)


def test_a_line_without_end_takes_no_memory():
    decoder = LineDecoder()
    for piece in (HEAD, b"4,1,1\n5", *[b"0" * 1000] * 1000, b"\n6,1,1\n"):
        found = decoder.feed(piece)
        assert len(decoder._lines._rest) <= LONGEST
    assert (decoder.malformed, found[0].start) == (1, 6)


@pytest.mark.parametrize("head", [b"1,0.5\n", b"\n", b"{}\n", b"\xff\n", b"[" * 20000 + b"\n", HEAD[:-20] + b"}\n"])
def test_without_a_header_nothing_is_guessed(head):
    with pytest.raises(LinkError, match="the first line is no header"):
        LineDecoder().feed(head)


@pytest.mark.parametrize("change", [b'"units": []', b'"rate_hz": 0', b'"channels": []', b'"rate_hz": "fast"'])
def test_a_header_must_make_sense(change):
    key = change.split(b":")[0]
    parts = {b'"rate_hz"': b'"rate_hz": 1', b'"channels"': b'"channels": ["a"]', b'"units"': b'"units": ["mV"]'}
    with pytest.raises(LinkError, match="the first line is no header"):
        LineDecoder().feed(b"{" + b", ".join({**parts, key: change}.values()) + b"}\n")


def test_another_header_ends_the_feed():
    with pytest.raises(LinkError, match="another header"):
        decoded(b"4,1,1\n" + HEAD)


cells = st.one_of(
    st.integers(-3, 10**6).map(str),
    st.floats(width=32).map(str),
    st.sampled_from(["", "nan", "1.", ".5", "+1", "007", "1e400", "null", "[", "]", "{}", "1,2", " 3 ", "x"]),
)
rows_of_cells = st.lists(cells, min_size=1, max_size=4).map(lambda row: ",".join(row).encode())
lines = st.one_of(rows_of_cells, st.binary(max_size=12)).filter(lambda line: not line.startswith(b"{"))


@given(st.lists(lines, max_size=12), st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_any_bytes_in_any_chunks_say_the_same_as_line_by_line(texts, sizes):
    text = b"".join(line + b"\n" for line in texts)
    if any(line.startswith(b"{") for line in text.split(b"\n")):
        return
    one_by_one = decoded(*(line + b"\n" for line in text.split(b"\n")[:-1]))
    cuts = np.cumsum([0, *sizes, max(0, len(text) - sum(sizes))])
    pieces = [text[begin:end] for begin, end in pairwise(cuts)]
    assert decoded(text) == decoded(*pieces) == one_by_one


@given(st.binary(max_size=300))
def test_garbage_raises_nothing_but_a_lost_link(garbage):
    decoder = LineDecoder()
    try:
        decoder.feed(HEAD)
        decoder.feed(garbage)
    except LinkError:
        assert b"{" in garbage


def test_blocks_that_end_anywhere_give_every_sample():
    lines = b"".join(b"%d,%.4f,%.4f\n" % (n, 0.001 * n % 7, -0.5) for n in range(100_000))
    decoder = LineDecoder()
    decoder.feed(HEAD)
    found = [samples for at in range(0, len(lines), 65536) for samples in decoder.feed(lines[at : at + 65536])]
    assert sum(samples.values.shape[1] for samples in found) == 100_000
