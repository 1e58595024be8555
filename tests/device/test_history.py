from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.history import History


@given(st.lists(st.integers(0, 7), max_size=30))
def test_it_holds_the_last_samples_whatever_the_parts(sizes):
    history, n = History(2, 10, 7), 0
    for size in sizes:
        history.append(np.tile(np.arange(n, n + size, dtype=np.float32), (2, 1)))
        n += size
        kept = np.arange(max(n - 10, 0), n)
        np.testing.assert_array_equal(history.between(n - 10, n), [kept, kept])
        np.testing.assert_array_equal(history.between(n - 3, n + 5)[0], kept[-3:])
    assert history._buffer.shape == (2, 17)


def test_what_is_not_there_is_left_out():
    history = History(1, 10, 5)
    history.append(np.arange(5, dtype=np.float32)[None])
    assert history.between(-3, 2).tolist() == [[0, 1]]
    assert history.between(7, 9).tolist() == [[]]
    assert history.between(-9, -2).tolist() == [[]]
