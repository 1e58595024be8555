from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.sources.csv_decoder import CsvDecoder
from edgeguard.device.sources.text_rows import LONGEST
from edgeguard.errors import LinkError


def decoded(text, *, chunk=None, **facts):
    """Index and values of every sample, None where one is missing, and how many lines were malformed."""
    decoder, rows = CsvDecoder(**facts), []
    pieces = [text[at : at + chunk] for at in range(0, len(text), chunk)] if chunk else [text]
    for found in (*(decoder.feed(piece) for piece in pieces), decoder.end()):
        for samples in found:
            columns = samples.values.T.tolist()
            rows += [
                (samples.start + n, *(None if v != v else v for v in column))  # noqa: PLR0124 - NaN is not itself
                for n, column in enumerate(columns)
            ]
    return rows, decoder.malformed


@pytest.mark.parametrize(
    "head", [b"", b"a,b\n", b"\n\r\n a , b \r\n", b"\xef\xbb\xbfa,b\n", b'"a","b"\n', b"\xef\xbb\xbf"]
)
def test_lines_with_and_without_names(head):
    assert decoded(head + b"1,2.5\n-3,4e2\r\n") == ([(0, 1.0, 2.5), (1, -3.0, 400.0)], 0)


@pytest.mark.parametrize("between", ["\t", ";", ","])
def test_the_delimiter_is_that_of_the_first_line(between):
    text = f"a{between}b\n1{between}2\n{between}4\n".encode()
    assert decoded(text) == ([(0, 1.0, 2.0), (1, None, 4.0)], 0)
    assert decoded(text, delimiter=between) == decoded(text)


def test_names_may_hold_another_delimiter():
    decoder = CsvDecoder(delimiter=",")
    decoder.feed(b'"Fp1; left",Fp2\n')
    assert decoder.columns.channels == ("Fp1; left", "Fp2")


def test_the_last_line_need_not_end():
    assert decoded(b"1\n2") == ([(0, 1.0), (1, 2.0)], 0)


@pytest.mark.parametrize("line", [b"x,1", b"1", b"1,2,3", b"1;2", b"1 000,2", b"inf,1", b"1," + b" " * LONGEST])
def test_a_malformed_line_is_counted_and_leaves_a_gap(line):
    assert decoded(b"1,1\n" + line + b"\n2,2\n") == ([(0, 1.0, 1.0), (2, 2.0, 2.0)], 1)


def test_decimal_commas_are_not_taken_for_two_columns():
    assert decoded(b"1;2\n3,5\n") == ([(0, 1.0, 2.0)], 1)


@pytest.mark.parametrize("order", ["n", "1"])
def test_an_index_column_orders_the_lines(order):
    text = b"a,n,b\n1,7,2\n3,8,4\n5,12,6\n5,1.5,6\n"
    assert decoded(text, order=order) == ([(7, 1.0, 2.0), (8, 3.0, 4.0), (12, 5.0, 6.0)], 1)


def test_a_time_column_gives_gaps():
    lines = b"".join(b"%.3f,%d\n" % (5 + n / 100, n) for n in range(800) if not 400 <= n < 450)
    rows, malformed = decoded(lines, order="0", rate_hz=100.0)
    assert ([index for index, value in rows if index != value], malformed) == ([], 0)
    assert len(rows) == 750


def test_a_column_that_is_not_there_is_one_line():
    with pytest.raises(LinkError, match=r"there is no column 't' \(there are: a, b\)"):
        decoded(b"a,b\n", order="t")
    with pytest.raises(LinkError, match=r"there is no column '2' \(there are: 2 without names\)"):
        decoded(b"1,2\n", order="2")
    with pytest.raises(LinkError, match="has 3000 columns, and 1024 at most can be read"):
        decoded(b"," * 2999 + b"\n")


cells = st.sampled_from(["1", "-2.5", "", "nan", "1e400", "x", " 3 ", "007", "null", '"', "[", "1,2"])
lines = st.lists(cells, min_size=1, max_size=3).map(",".join) | st.text(max_size=8)


@given(st.lists(lines, max_size=12), st.integers(1, 9))
def test_any_bytes_in_any_chunks_say_the_same(texts, chunk):
    text = b"a,b\n" + "\n".join(texts).encode()
    assert decoded(text, chunk=chunk) == decoded(text)


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_a_lost_link(garbage):
    try:
        rows, malformed = decoded(garbage)
    except LinkError as error:
        pytest.fail(str(error))
    assert len(rows) + malformed <= garbage.count(b"\n") + 1


def test_blocks_that_end_anywhere_give_every_sample():
    text = b"".join(b"%.4f;%.4f\n" % (0.001 * n % 7, -0.5) for n in range(100_000))
    decoder = CsvDecoder()
    found = [samples for at in range(0, len(text), 65536) for samples in decoder.feed(text[at : at + 65536])]
    assert sum(samples.values.shape[1] for samples in found) == 100_000
    np.testing.assert_allclose(found[0].values[:, :2], [[0, 0.001], [-0.5, -0.5]])
