from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.rate_watch import RateWatch

RATE = 100.0


def watched(rate, seconds, chunk_s=0.25, watch=None, begin=0.0):
    """A watch after `seconds` of a source of this true rate that says `RATE`."""
    watch = watch or RateWatch(RATE)
    for n in range(int(seconds / chunk_s) + 1):
        watch.saw(round(rate * chunk_s), begin + n * chunk_s)
    return watch


@given(
    st.floats(0.97, 1.03),
    st.lists(st.tuples(st.floats(0.01, 1.0), st.booleans()), min_size=1, max_size=300),
    st.lists(st.integers(0, 299), max_size=4),
    st.floats(3, 3000),
)
def test_a_sound_source_with_stalls_and_bursts_is_never_wrong(clock, pauses, stalls, stall_s):
    """It samples at a steady rate, and sends what it has in packets; some come late, all at once or piece by piece."""
    watch, sent = RateWatch(RATE), 0
    watch.saw(0, 0.0)
    lengths = [stall_s if n in stalls else pause for n, (pause, _) in enumerate(pauses)]
    for now_s, (_, held_back) in zip(accumulate(lengths), pauses, strict=True):
        there = int(RATE * clock * now_s) - sent
        samples = there // 2 if held_back and there < RATE else there
        sent += samples
        watch.saw(samples, now_s)
        assert not watch.wrong


@pytest.mark.parametrize(("rate", "within_s"), [(110, 100), (200, 65), (1000, 8)])
def test_a_source_that_is_too_fast_is_found_out(rate, within_s):
    assert watched(rate, within_s).wrong


@pytest.mark.parametrize(("rate", "within_s"), [(110, 60), (200, 4), (1000, 1)])
def test_a_source_that_becomes_too_fast_is_found_out_soon(rate, within_s):
    watch = watched(RATE, 65)
    assert watched(rate, within_s, watch=watch, begin=65.25).wrong


def test_what_waited_for_us_for_a_minute_may_come_at_once():
    watch = RateWatch(RATE)
    watch.saw(6000, 0.0)
    assert not watched(RATE, 300, watch=watch, begin=0.25).wrong


@pytest.mark.parametrize("rate", [94, 80, 50, 10])
def test_a_source_that_is_too_slow_is_found_out_after_a_minute(rate):
    assert not watched(rate, 59, chunk_s=0.5).wrong
    assert watched(rate, 61, chunk_s=0.5).wrong


@pytest.mark.parametrize("rate", [50, 200])
def test_it_is_right_again_soon_after_the_source_is(rate):
    watch = watched(rate, 100)
    assert watch.wrong
    assert not watched(RATE, 130, watch=watch, begin=100.25).wrong


def test_samples_that_were_lost_on_the_way_do_not_make_a_source_slow():
    watch = RateWatch(RATE)
    for n in range(500):
        watch.saw(20, n * 0.25, missing=5)
    assert not watch.wrong


def test_a_stall_may_be_made_good_but_does_not_excuse_another_rate_for_ever():
    watch = watched(RATE, 10)
    assert not watched(2 * RATE, 90, watch=watch, begin=100).wrong  # what it owes for 90 s
    watched(RATE, 120, watch=watch, begin=190.25)
    assert watched(2 * RATE, 5, watch=watch, begin=311).wrong


def test_silence_alone_is_not_a_wrong_rate():
    watch = watched(RATE, 10)
    watch.saw(25, 5000.0)
    assert not watched(RATE, 100, watch=watch, begin=5000.25).wrong
