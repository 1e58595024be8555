from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.samples import Samples
from edgeguard.device.windows import WindowCutter
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec


def cutter(window, hop, channels=1):
    names = tuple(f"lead{k}" for k in range(channels))
    return WindowCutter(SignalSpec(channels=names, units="mV", window=window, hop=hop))


def ramp(start, end, channels=1):
    """Samples whose values are their own indices."""
    return Samples(start, np.tile(np.arange(start, end, dtype=np.float32), (channels, 1)))


def cut_all(cut, *chunks):
    return [(start, values.tolist()) for chunk in chunks for start, values in cut.cut(chunk)]


def test_windows_by_hand():
    assert cut_all(cutter(4, 2), ramp(0, 9)) == [(0, [[0, 1, 2, 3]]), (2, [[2, 3, 4, 5]]), (4, [[4, 5, 6, 7]])]
    assert cut_all(cutter(2, 3), ramp(0, 8)) == [(0, [[0, 1]]), (3, [[3, 4]]), (6, [[6, 7]])]


@given(window=st.integers(1, 12), hop=st.integers(1, 15), sizes=st.lists(st.integers(0, 30), max_size=12))
def test_any_chunks_give_the_windows_of_one_chunk(window, hop, sizes):
    ends = np.cumsum([0, *sizes]).tolist()
    chunks = [ramp(100 + begin, 100 + end, channels=2) for begin, end in pairwise(ends)]
    cut = cutter(window, hop, channels=2)
    found = cut_all(cut, *chunks)
    starts = range(100, 100 + ends[-1] - window + 1, hop)
    assert found == [(start, ramp(start, start + window, channels=2).values.tolist()) for start in starts]
    assert (cut.counts.gaps, cut.counts.missing_samples, cut.counts.repeated_samples) == (0, 0, 0)


def test_a_gap_drops_the_partial_window_and_is_counted():
    cut = cutter(4, 4)
    assert cut_all(cut, ramp(0, 6), ramp(9, 14)) == [(0, [[0, 1, 2, 3]]), (9, [[9, 10, 11, 12]])]
    assert (cut.counts.gaps, cut.counts.missing_samples) == (1, 3)


def test_a_gap_while_passing_over_samples_begins_a_new_window():
    assert cut_all(cutter(2, 10), ramp(0, 5), ramp(50, 52)) == [(0, [[0, 1]]), (50, [[50, 51]])]


def test_repeated_samples_are_passed_over_and_counted():
    cut = cutter(4, 4)
    assert cut_all(cut, ramp(0, 6), ramp(2, 5), ramp(4, 8)) == [(0, [[0, 1, 2, 3]]), (4, [[4, 5, 6, 7]])]
    assert (cut.counts.gaps, cut.counts.repeated_samples) == (0, 5)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=15))
def test_no_window_holds_what_was_not_consecutive(pieces):
    for start, values in cut_all(cutter(5, 3), *(ramp(start, start + size) for start, size in pieces)):
        assert values == [list(range(start, start + 5))]


def test_windows_are_copies():
    cut = cutter(4, 1)
    kept = [values for _, values in cut.cut(ramp(0, 6))]
    assert [values[0, 0] for values in kept] == [0, 1, 2]


@pytest.mark.parametrize("shape", [(1, 5), (3, 5), (5,)])
def test_wrong_channels_name_what_the_model_takes(shape):
    cut = cutter(4, 4, channels=2)
    with pytest.raises(SourceError, match=r"the model takes 2 channels \(lead0, lead1\)"):
        list(cut.cut(Samples(0, np.zeros(shape, np.float32))))
