from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeguard.device.sources.timed_index import TimedIndex

RATE_HZ = 250.0
N = 2500
TRUE_S = 1000 + np.arange(N) / RATE_HZ
few = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)


def indexed(times_s, arrived_s=None, *, chunk=25, cuts=None):
    """Index of every sample in the order in which they came, and the faults; values say which sample it is."""
    timed, found = TimedIndex(RATE_HZ), []
    cuts = [*range(0, len(times_s), chunk), len(times_s)] if cuts is None else cuts
    for begin, end in pairwise(cuts):
        arrived = np.nan if arrived_s is None else arrived_s[end - 1]
        found += timed.feed(times_s[begin:end], np.arange(begin, end, dtype=np.float32)[None], arrived)
    found += timed.flush()
    values = np.concatenate([samples.values[0] for samples in found])
    np.testing.assert_array_equal(values, np.arange(len(times_s)))  # all came, in order
    index = np.concatenate([samples.start + np.arange(samples.values.shape[1]) for samples in found])
    assert (np.diff(index) > 0).all()
    return index, timed.faults


def gaps(index):
    """How many samples are missing, after which."""
    jumps = np.diff(index) - 1
    return {int(after): int(jumps[after]) for after in np.flatnonzero(jumps)}


@pytest.mark.parametrize("ppm", [0, 50, -300, 2000])
def test_a_regular_stream_is_consecutive_whatever_its_clock_is_worth(ppm):
    assert gaps(indexed(TRUE_S * (1 + ppm * 1e-6), TRUE_S)[0]) == {}


@few
@given(st.integers(600, 1800), st.integers(1, 500), st.floats(0, 0.3), seeds)
def test_a_loss_is_a_gap_of_as_many_samples(after, lost, jitter, seed):
    times_s = np.delete(TRUE_S, slice(after, after + lost))
    noise = np.random.default_rng(seed).uniform(0, jitter / RATE_HZ, len(times_s))
    index, faults = indexed(times_s + noise, times_s)
    assert gaps(index) == {after - 1: lost}
    assert not faults


@few
@given(st.floats(0, 12), seeds)
def test_jitter_is_no_gap(samples, seed):
    noise = np.random.default_rng(seed).uniform(0, samples / RATE_HZ, N)
    assert gaps(indexed(TRUE_S + noise, TRUE_S + noise)[0]) == {}


@pytest.mark.parametrize("size", [2, 12, 60])
def test_bursts_are_no_gaps_and_hide_no_loss(size):
    times_s = TRUE_S[0] + (np.arange(N) // size + 1) * size / RATE_HZ
    assert gaps(indexed(times_s, times_s)[0]) == {}
    left = np.delete(times_s, slice(600, 600 + 10 * size))
    assert sum(gaps(indexed(left, left)[0]).values()) == pytest.approx(10 * size, abs=2)


def test_a_stall_that_is_made_good_is_no_gap():
    times_s = TRUE_S.copy()
    times_s[1000:2000] = TRUE_S[2000]
    assert gaps(indexed(times_s, times_s)[0]) == {}


@few
@given(st.integers(600, 1800), st.floats(1, 200_000), st.booleans())
def test_a_clock_that_is_set_is_a_fault_and_no_gap(after, by_s, back):
    times_s = TRUE_S.copy()
    times_s[after:] += -by_s if back else by_s
    index, faults = indexed(times_s, TRUE_S)
    assert (gaps(index), faults) == ({}, {"clock jump": 1})


@pytest.mark.parametrize("by_s", [-100.0, 100.0])
def test_samples_lost_while_the_clock_was_set_are_counted_by_our_own(by_s):
    kept = np.delete(np.arange(N), slice(1000, 2000))
    times_s = TRUE_S[kept] + by_s * (kept >= 2000)
    index, faults = indexed(times_s, TRUE_S[kept])
    (missing,) = gaps(index).values()
    assert abs(missing - 1000) <= 25  # as exact as chunks of 25 samples allow
    assert faults == {"clock jump": 1}


def test_a_few_wild_times_change_nothing():
    times_s = TRUE_S.copy()
    times_s[[700, 701, 1500, 2000]] += [-200_000, 200_000, np.nan, np.inf]
    assert gaps(indexed(times_s, TRUE_S)[0]) == {}


def test_half_of_the_samples_leave_the_true_length():
    kept = np.flatnonzero(np.random.default_rng(0).uniform(size=4 * N) < 0.55)
    index, _ = indexed(kept / RATE_HZ, kept / RATE_HZ)
    assert index[-1] == pytest.approx(4 * N, abs=2.5 * RATE_HZ)  # less what was lost while it learnt


def test_without_our_own_clock_a_jump_forward_is_a_loss():
    times_s = TRUE_S.copy()
    times_s[1500:] += 4
    assert gaps(indexed(times_s)[0]) == {1499: 1000}


@few
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), seeds)
def test_any_chunks_say_the_same(sizes, seed):
    rng = np.random.default_rng(seed)
    times_s = np.delete(TRUE_S, slice(1000, 1000 + rng.integers(1, 400))) + rng.uniform(0, 0.02)
    cuts = np.unique(np.clip(np.cumsum([0, *sizes, len(times_s)]), 0, len(times_s)))
    np.testing.assert_array_equal(indexed(times_s, cuts=cuts)[0], indexed(times_s, chunk=7)[0])


@few
@given(st.lists(st.floats(width=64), min_size=1, max_size=400), st.integers(1, 60))
def test_any_times_at_all_lose_no_sample(times_s, chunk):
    indexed(np.array(times_s * 3), chunk=chunk)


def test_what_is_held_back_is_bounded():
    timed, came = TimedIndex(RATE_HZ), 0
    for n in range(80):
        late = np.full(250, 1e3 * (n > 4))
        came += sum(samples.values.shape[1] for samples in timed.feed(late, np.zeros((1, 250), np.float32), 0.0))
    assert came > 80 * 250 - 121 * 125
