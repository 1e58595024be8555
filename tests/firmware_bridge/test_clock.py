from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.clock import ClockModel
from firmware_bridge.unfolding import UnfoldedClock, nearest


def lateness(beats_s, *, seed=0, mean_s=0.02, stalls=(), burst=1):
    """When frames of those times come: late by chance, held by stalls (begin, end), only every so many of them."""
    came_s = beats_s + np.random.default_rng(seed).exponential(mean_s, len(beats_s))
    for begin_s, end_s in stalls:
        came_s = np.where((came_s > begin_s) & (came_s < end_s), end_s, came_s)
    last = np.minimum((np.arange(len(came_s)) // burst + 1) * burst, len(came_s)) - 1
    return np.maximum.accumulate(came_s)[last]


def heard(device_s, came_s):
    """A model that has heard such frames, and what time it gave each on its arrival."""
    model, given_s = ClockModel(), []
    for clock_us, host_s in zip((device_s * 1e6).astype(int).tolist(), came_s.tolist(), strict=True):
        model.observe(clock_us, host_s)
        given_s.append(model.host_s(clock_us))
    return model, np.array(given_s)


CASES = {
    "jitter": {},
    "ten-second stalls": {"stalls": [(t, t + 10) for t in range(45, 1200, 60)]},
    "a stall of two minutes": {"stalls": [(800, 920)]},
    "bursts of 12": {"burst": 12},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("drift_ppm", [-100, 0, 100])
def test_drift_and_time_are_found_among_late_frames(case, drift_ppm):
    beats_s = np.arange(0.0, 1200.0, 0.1 if case == "bursts of 12" else 1.0)
    device_s = beats_s * (1 + drift_ppm * 1e-6)
    model, given_s = heard(device_s, lateness(beats_s, **CASES[case]))
    assert model.drift_ppm == pytest.approx(drift_ppm, abs=5)
    error_s = given_s - beats_s
    assert np.abs(error_s[len(error_s) // 2 :]).max() < 0.002
    assert np.diff(given_s).min() >= 0


@pytest.mark.parametrize("seed", range(5))
def test_drift_is_told_after_some_minutes_and_times_are_right_before(seed):
    beats_s = np.arange(0.0, 140.0)
    model, given_s = heard(beats_s * (1 + 100e-6), lateness(beats_s, seed=seed))
    assert model.drift_ppm == pytest.approx(100, abs=40)
    assert np.abs(given_s - beats_s)[30:].max() < 0.015
    early, _ = heard(beats_s[:100], lateness(beats_s[:100]))
    assert early.drift_ppm is None


def test_a_crystal_that_warms_up_is_followed():
    beats_s = np.arange(0.0, 3600.0)
    device_s = beats_s + 1e-6 / 60 * beats_s**2 / 2  # one millionth more every minute
    model, given_s = heard(device_s, lateness(beats_s))
    assert model.drift_ppm == pytest.approx(55, abs=5)
    assert np.abs(given_s - beats_s)[600:].max() < 0.003


def test_a_host_that_slept_is_noticed_with_the_first_frame():
    beats_s = np.arange(0.0, 1200.0)
    awake_s = beats_s - np.where(beats_s < 900, 0, 300)  # its clock stood still for five minutes
    model, given_s = heard(beats_s * (1 + 50e-6), lateness(beats_s) - np.where(beats_s < 900, 0, 300))
    assert np.abs(given_s - np.maximum.accumulate(awake_s))[1000:].max() < 0.02
    assert np.diff(given_s).min() >= 0
    assert model.drift_ppm == pytest.approx(50, abs=5)


def test_a_clock_that_stood_still_is_believed_after_ten_minutes():
    beats_s = np.append(np.arange(0.0, 1200.0), np.arange(1220.0, 2400.0))
    device_s = beats_s - np.where(beats_s < 1200, 0, 20)
    _, given_s = heard(device_s, lateness(beats_s))
    assert np.abs(given_s - beats_s)[1900:].max() < 0.01
    assert np.diff(given_s).min() >= 0


def test_the_first_frames_may_be_late_by_seconds():
    beats_s = np.arange(0.0, 60.0, 0.1)
    _, given_s = heard(beats_s, lateness(beats_s, stalls=[(-1, 4)]))
    assert np.abs(given_s - beats_s)[beats_s > 5].max() < 0.05


def test_after_an_outage_of_hours_the_drift_is_still_known():
    beats_s = np.append(np.arange(0.0, 900.0), np.arange(9000.0, 9020.0))
    model, given_s = heard(beats_s * (1 - 80e-6), lateness(beats_s))
    assert model.drift_ppm == pytest.approx(-80, abs=5)
    assert np.abs(given_s - beats_s)[900:].max() < 0.05


def test_what_was_heard_before_an_outage_does_not_bend_what_comes_after():
    beats_s = np.append(np.arange(0.0, 900.0), np.arange(9000.0, 9060.0))
    device_s = beats_s - np.where(beats_s < 900, 0, 0.2)  # it was cold meanwhile
    _, given_s = heard(device_s, lateness(beats_s))
    assert np.abs(given_s - beats_s)[-30:].max() < 0.02


@given(
    st.lists(st.tuples(st.integers(-(10**7), 10**9), st.floats(0, 1e5)), min_size=1, max_size=200),
    st.lists(st.integers(0, 10**9), min_size=1),
)
def test_whatever_is_observed_times_never_go_back(steps, asked):
    model, clock_us, host_s, times = ClockModel(), 0, 0.0, []
    questions = sorted(asked)
    for k, (step_us, step_s) in enumerate(steps):
        clock_us, host_s = clock_us + step_us, host_s + step_s
        model.observe(clock_us, host_s)
        if k < len(questions):
            times.append(model.host_s(questions[k]))
    assert all(one <= two for one, two in pairwise(times))
    assert np.isfinite(times).all()


def test_earlier_times_may_be_asked_for_too():
    model, _ = heard(np.arange(0.0, 20.0), np.arange(100.0, 120.0))
    assert [model.host_s(us) for us in (19_000_000, 5_000_000, 6_000_000)] == [119.0, 105.0, 106.0]


def test_without_a_frame_there_is_no_time():
    with pytest.raises(ValueError, match="no frame"):
        ClockModel().host_s(0)


@given(st.integers(0, 2**40), st.integers(-(2**31), 2**31 - 1))
def test_a_number_that_came_round_is_unfolded(expected, off):
    assert nearest((expected + off) % 2**32, expected, 32) == expected + off


def test_half_of_the_range_is_a_jump_back():
    assert nearest(32768, 0, 16) == -32768
    assert nearest(32767, 0, 16) == 32767


@given(st.integers(0, 2**32 - 1), st.lists(st.tuples(st.floats(0, 3e6), st.floats(0, 600)), max_size=30))
def test_a_clock_goes_on_over_outages_and_stalls(start_us, steps):
    clock, true_us = UnfoldedClock(), start_us
    clock.unfold(start_us, 0.0)
    sent_s = 0.0
    for pause_s, late_s in steps:
        sent_s += pause_s
        true_us = start_us + int(sent_s * 1e6)
        assert clock.unfold(true_us % 2**32, sent_s + late_s) == true_us


@given(st.floats(0, 299))
def test_a_frame_from_before_is_put_before(back_s):
    clock = UnfoldedClock()
    clock.unfold(1000, 0.0)
    assert clock.unfold((1000 - int(back_s * 1e6)) % 2**32, 0.01) == 1000 - int(back_s * 1e6)


def test_a_clock_that_is_far_behind_has_come_round():
    clock = UnfoldedClock()
    clock.unfold(0, 0.0)
    assert clock.unfold(2**32 - 600_000_000, 0.01) == 2**32 - 600_000_000
