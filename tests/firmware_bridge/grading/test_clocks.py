from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.frames import Samples
from firmware_bridge.grading import grade
from firmware_bridge.grading.clocks import speed_of
from firmware_bridge.grading.observations import unfolded
from tests.firmware_bridge.grading.examined import changed, examined, finding


@pytest.mark.parametrize("ppm", [-300.0, 0.0, 25.0, 4000.0])
def test_a_speed_is_found_within_its_interval_however_late_frames_come(ppm):
    rng = np.random.default_rng(1)
    truly_s = np.arange(0, 60, 0.1)
    speed = speed_of(truly_s * (1 + ppm / 1e6), truly_s + rng.exponential(0.005, len(truly_s)))
    assert abs(speed.ppm - ppm) < 3 * speed.within_ppm
    assert 0 < speed.within_ppm < 60


def test_its_interval_covers_nineteen_in_twenty():
    rng = np.random.default_rng(2)
    truly_s = np.arange(0, 60, 0.1)
    found = [speed_of(truly_s, truly_s + rng.exponential(0.005, len(truly_s))) for _ in range(400)]
    assert 0.9 < np.mean([abs(speed.ppm) < speed.within_ppm for speed in found]) < 0.99


def test_too_little_shows_no_speed():
    assert speed_of(np.array([]), np.array([])) is None
    assert speed_of(np.arange(40) / 10, np.arange(40) / 10) is None
    assert speed_of(np.array([0.0, 60.0]), np.array([0.0, 60.0])) is None


def test_numbers_are_unfolded_over_their_end_and_back():
    assert unfolded([65534, 65535, 0, 2, 1], 16).tolist() == [65534, 65535, 65536, 65538, 65537]
    assert unfolded([5, 2**32 - 5, 5], 32).tolist() == [5, -5, 5]
    assert unfolded([], 16).tolist() == []


def test_a_clock_that_drifts_too_much_is_a_note():
    seen = examined(30, drift_ppm=2000)
    assert (finding(seen, "clock")[0], finding(seen, "rate")[0]) == ("note", "note")
    assert grade(seen).figures["drift_ppm"] == pytest.approx(2000, abs=500)
    assert grade(seen).figures["rate_ppm"] == pytest.approx(2000, abs=500)


def test_another_rate_than_promised_is_found():
    slow = changed(Samples, index=lambda frame: round(frame.index * 0.99))
    seen = examined(change=slow)
    assert finding(seen, "rate")[0] == "wrong"
    assert grade(seen).figures["rate_hz"] == pytest.approx(247.5, rel=2e-4)
    assert finding(seen, "clock")[0] == "ok"
    assert finding(seen, "clock of samples")[0] == "wrong"


@pytest.mark.parametrize(("factor", "shown"), [(1e-3, "runs 0.001 times"), (0, "runs 0 times")])
def test_a_clock_that_counts_no_microseconds_is_wrong(factor, shown):
    seen = examined(change=changed(Samples, clock_us=lambda frame: int(frame.clock_us * factor)))
    kind, text = finding(seen, "clock")
    assert (kind, text[: len(shown)]) == ("wrong", shown)


def test_samples_stamped_when_they_are_sent_are_a_note():
    rng = np.random.default_rng(0)
    stamped = changed(Samples, clock_us=lambda frame: frame.clock_us + int(rng.integers(0, 60_000)))
    kind, text = finding(examined(change=stamped), "clock of samples")
    assert kind == "note"
    assert text.endswith(
        "stamp a frame when its first sample is taken, in the converter's interrupt, not when it is sent"
    )


def test_a_jittery_link_is_a_note():
    assert finding(examined(late_s=0.9), "jitter")[0] == "note"
    assert finding(examined(late_s=0.05), "jitter")[0] == "ok"


def test_a_stream_that_is_too_short_says_so():
    assert finding(examined(3), "rate")[1][4:] == "s of samples show no rate and no drift: listen for longer"


def test_clocks_that_come_round_are_no_jump():
    seen = examined(clock_us=2**32 - 10_000_000)
    assert grade(seen).grade == "good"
    assert any(frame.clock_us < 10**6 for _, frame in seen.came)
    assert grade(replace(seen, came=seen.came[:1])).grade == "poor"
