from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.silence import BeatsOrSilence


class Prepared:
    """Beats at known samples, each found `late` samples after its window of 20 has ended."""

    def __init__(self, starts, late):
        self.due, self.late, self.fed = list(starts), late, 0

    def feed(self, values):
        self.fed += values.shape[1]
        found = [start for start in self.due if start + 20 + self.late <= self.fed]
        self.due = self.due[len(found) :]
        return [(start, np.full((1, 20), start, np.float32)) for start in found]


def told(starts, sizes, late=0):
    cutter = BeatsOrSilence(Prepared(starts, late), window=20, rate_hz=10.0)  # 100 samples are a silence
    return [(at, values is None) for size in sizes for at, values in cutter.feed(np.zeros((1, size), np.float32))]


def test_a_silence_is_told_every_ten_seconds_and_before_the_beat_that_ends_it():
    silent = [(0, True), (130, True), (230, True)]
    assert told([110, 350], [400]) == [silent[0], (110, False), *silent[1:], (350, False)]


@pytest.mark.parametrize(("fed", "count"), [(169, 0), (170, 1), (269, 1), (270, 2)])
def test_a_silence_is_told_when_no_beat_can_come_any_more(fed, count):
    assert len(told([], [fed])) == count


@given(
    starts=st.lists(st.integers(0, 900), max_size=6, unique=True).map(sorted),
    sizes=st.lists(st.integers(0, 300), max_size=8),
    late=st.integers(0, 50),
)
def test_chunks_of_any_size_tell_the_same(starts, sizes, late):
    assert told(starts, sizes, late) == told(starts, [sum(sizes)], late)
