from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.windows import WindowCutter
from edgeguard.signals.spec import SignalSpec


def cutter(window, hop, channels=1):
    names = tuple(f"lead{k}" for k in range(channels))
    return WindowCutter(SignalSpec(channels=names, units="mV", window=window, hop=hop))


def ramp(start, end, channels=1):
    """Samples whose values are their own indices."""
    return np.tile(np.arange(start, end, dtype=np.float32), (channels, 1))


def said(windows):
    return [(start, values.tolist()) for start, values in windows]


def test_windows_by_hand():
    assert said(cutter(4, 2).feed(ramp(0, 9))) == [(0, [[0, 1, 2, 3]]), (2, [[2, 3, 4, 5]]), (4, [[4, 5, 6, 7]])]
    assert said(cutter(2, 3).feed(ramp(0, 8))) == [(0, [[0, 1]]), (3, [[3, 4]]), (6, [[6, 7]])]


@given(window=st.integers(1, 12), hop=st.integers(1, 15), sizes=st.lists(st.integers(0, 30), max_size=12))
def test_any_chunks_give_the_windows_of_one_chunk(window, hop, sizes):
    cut, n, found = cutter(window, hop, channels=2), 0, []
    for size in sizes:
        found += cut.feed(ramp(n, n + size, channels=2))
        n += size
    starts = range(0, n - window + 1, hop)
    assert said(found) == [(start, ramp(start, start + window, channels=2).tolist()) for start in starts]


def test_windows_are_copies():
    assert [values[0, 0] for _, values in cutter(4, 1).feed(ramp(0, 6))] == [0, 1, 2]
