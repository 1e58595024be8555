from __future__ import annotations

import random

import pytest

from firmware_bridge.polar_index import PolarIndex

# Times of frames of 73 samples that followed each other, as a strap sent them (h10_ecg, 2023): 130.15 Hz.
RECORDED_NS = [
    599634673057932385,
    599634673618837966,
    599634674179748633,
    599634674740659300,
    599634675301564879,
    599634675862480632,
    599634676423360785,
    599634676984251106,
    599634677545151601,
    599634678106052094,
    599634678666967847,
    599634679227853084,
]


def placed(frames, index=None):
    """Starts of frames (nanoseconds, count), each heard when it was taken."""
    index = index or PolarIndex(130)
    return [index.place(nanoseconds, count, nanoseconds * 1e-9) for nanoseconds, count in frames]


def strap(rate_hz, sizes, jitter_s=0.0, seed=0):
    """The true start, the time and the size of each frame of a strap of that rate."""
    rng, taken, frames = random.Random(seed), 0, []
    for size in sizes:
        last_s = (taken + size - 1) / rate_hz + rng.uniform(-jitter_s, jitter_s)
        frames.append((taken, 599616000000000000 + round(last_s * 1e9), size))
        taken += size
    return frames


def test_recorded_frames_follow_each_other():
    assert placed([(time, 73) for time in RECORDED_NS]) == list(range(0, 12 * 73, 73))


@pytest.mark.parametrize("lost", [range(1, 2), range(5, 9), range(2, 11)])
def test_of_recorded_frames_as_many_samples_are_missing_as_were_taken_away(lost):
    kept = [(73 * number, (time, 73)) for number, time in enumerate(RECORDED_NS) if number not in lost]
    assert placed([frame for _, frame in kept]) == [start for start, _ in kept]


@pytest.mark.parametrize("rate_hz", [128.0, 129.3, 130.0, 131.0])
@pytest.mark.parametrize("jitter_s", [0.0, 0.05, 0.1])
def test_neither_jitter_nor_another_rate_makes_a_gap(rate_hz, jitter_s):
    rng = random.Random(1)
    frames = strap(rate_hz, [rng.choice((72, 73)) for _ in range(20_000)], jitter_s)  # three hours
    assert placed([frame[1:] for frame in frames]) == [frame[0] for frame in frames]


@pytest.mark.parametrize("rate_hz", [128.0, 130.15, 131.0])
def test_every_sample_of_lost_frames_is_counted_and_none_beyond(rate_hz):
    rng = random.Random(2)
    frames = strap(rate_hz, [rng.choice((72, 73)) for _ in range(10_000)], jitter_s=0.0003)
    kept = [frame for number, frame in enumerate(frames) if number < 100 or rng.random() > 0.1]
    assert placed([frame[1:] for frame in kept]) == [frame[0] for frame in kept]


def test_an_outage_of_an_hour_is_counted_to_a_few_samples():
    frames = strap(130.15, [73] * 7000, jitter_s=0.00002)
    starts = placed([frame[1:] for frame in frames[:500] + frames[-1:]])
    assert starts[-1] == pytest.approx(frames[-1][0], abs=5)


def test_a_frame_that_comes_again_or_too_late_has_no_place():
    first, second, third = [(time, 73) for time in RECORDED_NS[:3]]
    assert placed([first, third, second, third]) == [0, 146, None, None]


@pytest.mark.parametrize("clock_ns", [599616023171427290, 694512749912654440])
def test_a_clock_that_was_set_is_bridged_by_the_hosts(clock_ns):
    index = PolarIndex(130)
    index.place(RECORDED_NS[-1], 73, 1000.0)
    start = index.place(clock_ns, 73, 1100.0)
    assert (start, index.clock_sets) == (73 + 13000 - 73, 1)
    assert index.place(clock_ns + 560_800_000, 73, 1100.6) == start + 73


def test_a_stall_that_is_made_good_is_no_gap():
    index, frames = PolarIndex(130), strap(130.0, [73] * 40)
    arrivals_s = [n * 0.56 for n in range(10)] + [60.0] * 30
    starts = [index.place(time, size, host_s) for (_, time, size), host_s in zip(frames, arrivals_s, strict=True)]
    assert starts == [frame[0] for frame in frames]
