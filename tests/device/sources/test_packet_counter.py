from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.sources.packet_counter import PacketCounter

N = 4000


def lost(numbers, chunk=50):
    """Samples missing, by the position of the sample after them."""
    counter = PacketCounter()
    found = np.concatenate([counter.missing(numbers[at : at + chunk]) for at in range(0, len(numbers), chunk)])
    return {int(at): int(found[at]) for at in np.flatnonzero(found)}


@pytest.mark.parametrize("whole", [256, 201, 100, 2**16, 10**9])
@pytest.mark.parametrize("step", [1, 2])
def test_without_a_loss_nothing_is_missing(whole, step):
    assert lost((7 + step * np.arange(N)) % whole * 1.0) == {}


@given(st.sampled_from([256, 201, 2**16]), st.integers(1000, 3000), st.integers(1, 199), st.integers(0, 255))
def test_a_loss_is_as_long_as_it_was(whole, after, missing, first):
    kept = np.delete(np.arange(N), slice(after, after + missing))
    assert lost((first + kept) % whole * 1.0) == {after: missing}


@given(st.integers(1000, 3000), st.integers(1, 99))
def test_a_counter_that_counts_by_two_is_understood(after, missing):
    kept = np.delete(np.arange(N), slice(after, after + missing))
    assert lost(2 * kept % 256 * 1.0) == {after: missing}


@pytest.mark.parametrize(
    "numbers",
    [
        np.arange(N) // 12 % 256,  # packets of twelve samples
        np.zeros(N),
        np.random.default_rng(0).integers(0, 256, N),
        np.full(N, np.nan),
        np.r_[np.arange(2000), 10**12 + np.arange(2000)],
        np.r_[np.arange(2000), np.arange(2000)],  # the board began anew
    ],
)
def test_what_does_not_count_samples_invents_no_loss(numbers):
    assert lost(numbers.astype(np.float64)) == {}


def test_what_is_lost_before_the_range_is_known_is_not_guessed():
    kept = np.delete(np.arange(N), slice(250, 260))
    assert lost(kept % 256 * 1.0) == {}


def test_chunks_say_the_same():
    numbers = np.delete(np.arange(N), slice(2000, 2010)) % 256 * 1.0
    assert lost(numbers, 1) == lost(numbers, 999) == {2000: 10}
