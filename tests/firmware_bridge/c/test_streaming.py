"""Samples through ring, frames and wire: every one that was taken arrives, every other one is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge.coding import MISSING, values_of
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Coding, Heartbeat, Leads, Samples
from tests.firmware_bridge.c.script import Script, frames_of, wire_of

STREAM = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


def samples_of(answers):
    return [frame for frame in frames_of(answers) if isinstance(frame, Samples)]


def taken_of(frames):
    """{index: values of all channels} of samples frames."""
    return {
        (frame.index + k) % 2**32: tuple(sample)
        for frame in frames
        for k, sample in enumerate(values_of(frame).T.tolist())
    }


@given(st.data())
@STREAM
def test_every_sample_that_was_taken_arrives_as_it_was(bridge, data):
    channels, width = data.draw(st.integers(1, 32)), data.draw(st.sampled_from([2, 3]))
    options = {"width": width, "delta": data.draw(st.booleans()), "latency": data.draw(st.sampled_from([0, 1, 7]))}
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    ring = data.draw(st.integers(3, 20)) * (8 + channels * width)
    script, pushed = Script().started(channels, ring=ring, **options), []
    for _ in range(data.draw(st.integers(1, 60))):
        for _ in range(random.integers(1, 9)):
            pushed.append(signal(random, channels, width, pushed))
            script.push(pushed[-1])
        script.poll(accept=random.choice([0, 1, 20, 200, 0xFFFF]))
    answers = bridge(script.poll().receive(b"").leads(1).poll())  # the leads close the frame under way
    accepted = [one for one in answers[3:] if isinstance(one, int)][: len(pushed)]
    expected = {k + 1: tuple(values) for k, values in enumerate(pushed) if accepted[k]}
    assert taken_of(samples_of(answers)) == expected


def signal(random, channels, width, before):
    """Quiet for a while, then wild, with missing samples, at times at the very ends."""
    most = 2 ** (8 * width - 1) - 1
    reach = random.choice([3, 100, 1000, 40000, 2 * most], p=[0.4, 0.3, 0.15, 0.1, 0.05])
    last = np.array(before[-1] if before else [0] * channels)
    values = np.clip(np.where(last == MISSING, 0, last) + random.integers(-reach, reach + 1, channels), -most, most)
    values[random.random(channels) < 0.01] = MISSING
    return values.tolist()


def test_a_frame_is_closed_when_it_is_full(bridge):
    script = Script().started(2, width=3, delta=False, ring=6000)
    for k in range(100):
        script.push([k, -k])
    frames = samples_of(bridge(script.poll()))
    assert [frame.count for frame in frames] == [36, 36]
    assert {frame.coding for frame in frames} == {Coding.PACKED24}


def test_a_frame_is_closed_when_its_latency_is_reached(bridge):
    script = Script().started(1, latency=10)
    for _ in range(25):
        script.push([1]).poll()
    assert [frame.count for frame in samples_of(bridge(script))] == [10, 10]


def test_a_frame_bears_the_clock_and_index_of_its_first_sample(bridge):
    script = Script().started(1, latency=3)
    for k in range(6):
        script.push([1], clock_us=(2**32 - 2000 + 1000 * k) % 2**32)
    frames = samples_of(bridge(script.poll()))
    assert [(frame.index, frame.clock_us) for frame in frames] == [(1, 2**32 - 2000), (4, 1000)]


@pytest.mark.parametrize(
    ("width", "step", "coding"),
    [
        (2, 127, Coding.DELTA8_OF_16),
        (2, 128, Coding.PACKED16),
        (3, -128, Coding.DELTA8_OF_24),
        (3, -129, Coding.DELTA16_OF_24),
        (3, 32767, Coding.DELTA16_OF_24),
        (3, 32768, Coding.PACKED24),
    ],
)
def test_the_narrowest_coding_is_used_that_fits(bridge, width, step, coding):
    script = Script().started(1, width=width, latency=4)
    for k in range(4):
        script.push([k * step])
    assert [frame.coding for frame in samples_of(bridge(script.poll()))] == [coding]


def test_a_difference_that_does_not_fit_closes_the_frame_and_the_next_one_is_wider(bridge):
    script = Script().started(1, width=3, latency=5, ring=600)
    for value in [0, 1, 2, 1000, 2000, 3000, 4000, 5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010]:
        script.push([value])
    frames = samples_of(bridge(script.poll()))
    wide, narrow = Coding.DELTA16_OF_24, Coding.DELTA8_OF_24
    assert [(frame.count, frame.coding) for frame in frames] == [(3, narrow), (5, wide), (5, wide), (5, narrow)]


def test_a_missing_value_is_only_sent_packed(bridge):
    script = Script().started(2, width=3, latency=2)
    for first in [1, 1, MISSING, 1, 1, 1, 1, 1]:
        script.push([first, 2])
    frames = samples_of(bridge(script.poll()))
    delta, packed = Coding.DELTA8_OF_24, Coding.PACKED24
    assert [frame.coding for frame in frames] == [delta, packed, packed, delta]


def test_a_lone_missing_sample_is_sent_packed(bridge):
    (frame,) = samples_of(bridge(Script().started(1, latency=1).push([MISSING]).poll()))
    assert (frame.coding, values_of(frame).tolist()) == (Coding.PACKED24, [[MISSING]])


@pytest.mark.parametrize("width", [2, 3])
def test_numbers_beyond_the_width_stay_at_its_end(bridge, width):
    most = 2 ** (8 * width - 1) - 1
    script = Script().started(1, width=width, delta=False, latency=4)
    for value in [2**31 - 1, most + 1, -(2**31) + 1, -most - 1]:
        script.push([value])
    assert list(taken_of(samples_of(bridge(script.poll()))).values()) == [(most,), (most,), (-most,), (-most,)]


def test_overruns_show_in_the_index_and_in_the_heartbeat(bridge):
    script = Script().started(1, width=2, ring=50)  # four samples have room
    for k in range(10):
        script.push([k])
    script.poll(0).push([77]).poll(0).poll(1_000_000)
    frames = frames_of(bridge(script))[-3:]
    assert taken_of(frames[:2]) == {1: (0,), 2: (1,), 3: (2,), 4: (3,), 11: (77,)}
    assert frames[2] == Heartbeat(7, frames[2].sequence, 1_000_000, next_index=12, lost=6, streaming=True)


def test_a_heartbeat_before_waiting_samples_does_not_call_them_lost(bridge):
    script = Script().started(1, latency=1).poll(1_000_000, accept=0)
    for k in range(5):
        script.push([k]).poll(1_000_000 + k, accept=0)
    frames = frames_of(bridge(script.poll(3_000_000)))
    told = [frame.index if isinstance(frame, Samples) else frame.next_index for frame in frames[-7:]]
    assert told == [1, 1, 1, 2, 3, 4, 5]


def test_a_write_that_accepts_a_byte_at_a_time_tears_nothing(bridge):
    script = Script().started(1, latency=1).push([1])
    for _ in range(60):
        script.poll(accept=1)
    answers = bridge(script)
    assert {len(one) for polled in answers[4:] if not isinstance(polled, int) for one in polled.writes} <= {0, 1}
    assert taken_of(samples_of(answers)) == {1: (1,)}


def test_a_frame_that_was_cut_by_the_link_is_sent_whole_again(bridge):
    script = Script().started(1, latency=1).push([1]).poll(accept=9).reconnected().poll()
    answers = bridge(script)
    assert taken_of(frame for frame in Decoder().feed(wire_of(answers)) if isinstance(frame, Samples)) == {1: (1,)}
    assert len(wire_of(answers[-2:-1])) == 9


def test_a_frame_is_offered_whole_at_first(bridge):
    script = Script().started(2, latency=5)
    for k in range(20):
        script.push([k, k]).poll()
    writes = [one for polled in bridge(script) if not isinstance(polled, int) for one in polled.writes]
    assert all(one[0] == 0 and one[-1] == 0 and one.count(0) == 2 for one in writes)


def test_nothing_is_taken_while_nobody_streams(bridge):
    answers = bridge(Script().init(1).push([1]).poll())
    assert answers[1] == 0
    assert not samples_of(answers)


def test_events_close_the_frame_under_way(bridge):
    frames = frames_of(bridge(Script().started(1).push([1]).push([2]).poll().leads(1).poll()))
    assert taken_of(frames[-2:-1]) == {1: (1,), 2: (2,)}
    assert isinstance(frames[-1], Leads)


def test_all_numbers_come_round(bridge):
    script = Script().init(1, latency=2).state(0, sequence=2**16 - 1, taken=2**32 - 1, lost=2**32 - 1, streaming=True)
    for k in range(60):  # of which 19 have room
        script.push([k])
    frames = frames_of(bridge(script.poll().poll(1_000_000)))
    assert [frame.index for frame in frames[:2]] == [2**32 - 1, 1]
    assert [frame.sequence for frame in frames[:2]] == [2**16 - 1, 0]
    assert (frames[-1].next_index, frames[-1].lost) == (59, 41 - 1)
