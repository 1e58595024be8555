from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.coding import MISSING, values_of
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import (
    Ack,
    Action,
    Battery,
    Button,
    Command,
    Heartbeat,
    Hello,
    Leads,
    Result,
    Samples,
)
from firmware_bridge.simulator import simple_hello
from firmware_bridge.simulator.virtual_wearable import Mishaps, VirtualWearable
from firmware_bridge.wire import encode

HELLO = simple_hello(rate_hz=100.0)


def counting(limit=10**9, channels=1):
    """A signal that is 0, 1, 2 …"""
    given = 0

    def signal(n):
        nonlocal given
        values = np.arange(given, min(given + n, limit), dtype=np.float32)
        given += len(values)
        return np.tile(values, (channels, 1))

    return signal


def wearable_of(signal=None, hello=HELLO, **traits):
    return VirtualWearable(hello, signal or counting(channels=len(hello.channels)), **traits)


def told(wearable, action, now_s, *, argument=0, number=1):
    wearable.hear(encode(Command(0, 0, 0, number, action, argument)), now_s)


def said(wearable, *times_s):
    return Decoder().feed(b"".join(wearable.speak(now_s) for now_s in times_s))


def of(kind, frames):
    return [frame for frame in frames if isinstance(frame, kind)]


def started(**traits):
    wearable = wearable_of(**traits)
    told(wearable, Action.START, 0.0)
    return wearable


def test_it_introduces_itself_at_its_start_and_then_only_gives_signs_of_life():
    first, *others = said(wearable_of(battery=0.7), 5.0, 8.0)
    assert (first.device, first.rate_hz) == ("sim-1", 100.0)
    assert [type(frame) for frame in others] == [Leads, Battery, Heartbeat, Heartbeat, Heartbeat]
    assert others[1].percent == 70
    assert not others[2].streaming


def test_every_sample_comes_once_at_its_index_and_its_time():
    frames = of(Samples, said(started(), *np.arange(1, 401) / 50))
    values = np.concatenate([values_of(frame) for frame in frames], axis=1)[0]
    assert list(values) == list(range(801))
    assert frames[0].index == 1  # the start left one number out
    for frame in frames:
        assert values_of(frame)[0, 0] == frame.index - 1
        assert frame.clock_us == pytest.approx((frame.index - 1) * 10_000, abs=1)


def test_heartbeats_name_the_sample_that_comes_next():
    frames = said(started(), *np.arange(1, 301) / 100)
    for beat in of(Heartbeat, frames):
        later = frames[frames.index(beat) + 1 :]
        assert beat.streaming
        assert beat.next_index == next((frame.index for frame in of(Samples, later)), beat.next_index)


def test_the_sequence_leaves_nothing_out_and_comes_round():
    hello = simple_hello(rate_hz=4000.0)
    frames = said(started(hello=hello, samples_per_frame=1), *range(1, 18))
    assert [frame.sequence for frame in frames] == [number % 65536 for number in range(len(frames))]
    assert len(frames) > 65536


def test_how_often_it_is_asked_changes_no_byte():
    traits = {"seed": 4, "mishaps": Mishaps(leads_off_every_s=5, overrun_every_s=5, button_every_s=3)}
    often, seldom = started(**traits), started(**traits)
    wire = b"".join(often.speak(tick / 50) for tick in range(1, 1001))
    assert wire == b"".join(seldom.speak(float(second)) for second in range(1, 21))


def test_a_fast_clock_counts_more_seconds_and_samples():
    frames = said(started(drift_ppm=500.0), *np.arange(1, 201))
    beats = of(Heartbeat, frames)
    assert beats[-1].clock_us == round(200e6 * 1.0005)
    assert beats[-1].next_index == 20_010 + 2


def test_the_clock_comes_round():
    beats = of(Heartbeat, said(wearable_of(clock_us=2**32 - 1_500_000), 0.0, 1.0, 2.0))
    assert [beat.clock_us for beat in beats] == [2**32 - 500_000, 500_000]


@pytest.mark.parametrize(
    ("action", "argument", "streaming", "result"),
    [
        (Action.IDENTIFY, 0, True, Result.DONE),
        (Action.START, 0, False, Result.DONE),
        (Action.STOP, 0, True, Result.DONE),
        (Action.SET_RATE, 250_000, False, Result.DONE),
        (Action.SET_RATE, 250_000, True, Result.NOT_NOW),
        (Action.SET_RATE, 0, False, Result.WRONG_VALUE),
        (99, 0, False, Result.UNKNOWN_ACTION),
    ],
)
def test_every_command_is_answered(action, argument, streaming, result):
    wearable = started() if streaming else wearable_of()
    said(wearable, 0.5)
    told(wearable, action, 1.5, argument=argument, number=7)
    (ack,) = of(Ack, said(wearable, 1.5))
    assert (ack.id, ack.result) == (7, result)


def test_a_command_that_comes_again_is_answered_and_not_done_again():
    wearable = wearable_of()
    told(wearable, Action.START, 0.0)
    told(wearable, Action.STOP, 1.0, number=2)
    told(wearable, Action.START, 2.0, number=3)
    told(wearable, Action.STOP, 3.0, number=4)
    told(wearable, Action.STOP, 4.0, number=4)
    frames = said(wearable, 5.0)
    assert [ack.id for ack in of(Ack, frames)] == [1, 2, 3, 4, 4]
    assert of(Heartbeat, frames)[-1].next_index == 2 * 101 + 2  # each start left one number out


def test_a_start_while_it_streams_parts_nothing():
    wearable = started()
    told(wearable, Action.START, 1.0, number=2)
    frames = said(wearable, 1.0, 2.0)
    assert np.concatenate([values_of(frame)[0] for frame in of(Samples, frames)]).tolist() == list(range(201))
    assert of(Heartbeat, frames)[-1].next_index == 202


def test_a_rate_is_set_and_told():
    wearable = wearable_of()
    told(wearable, Action.SET_RATE, 0.0, argument=500_000)
    told(wearable, Action.START, 0.0, number=2)
    frames = said(wearable, 1.0)
    assert of(Hello, frames)[-1].rate_hz == 500
    assert of(Heartbeat, frames)[-1].next_index == 502


def test_damaged_commands_are_met_with_silence():
    wearable = wearable_of()
    said(wearable, 0.1)
    command = encode(Command(0, 0, 0, 1, Action.IDENTIFY))
    wearable.hear(command[:8] + b"\x55" + command[9:], 0.2)
    assert wearable.speak(0.2) == b""


def test_a_lead_that_is_off_is_told_and_its_samples_are_missing():
    hello = simple_hello(rate_hz=100.0, channels=("I", "II"))
    frames = said(started(hello=hello, mishaps=Mishaps(leads_off_every_s=10, leads_off_s=3)), *range(1, 61))
    off, samples = 0, 0
    for frame in frames:
        if isinstance(frame, Leads):
            off = frame.off
        elif isinstance(frame, Samples):
            for channel, values in enumerate(values_of(frame)):
                assert set(values == MISSING) == {bool(off >> channel & 1)}
            samples += frame.count * (off > 0)
    assert samples > 500


def test_nan_is_missing_and_what_is_too_large_is_clipped():
    signal = iter([np.array([[1.0, np.nan, 1e9, -1e9]], np.float32)])
    (frame,) = of(Samples, said(started(signal=lambda _: next(signal, None)), 1.0))
    assert list(values_of(frame)[0]) == [1, MISSING, 32767, -32767]


def test_samples_without_room_are_lost_counted_and_leave_a_gap():
    wearable = started(mishaps=Mishaps(overrun_every_s=5, overrun_s=0.5))
    frames = said(wearable, *range(1, 101))
    arrived = np.concatenate([np.arange(frame.count) + frame.index for frame in of(Samples, frames)])
    beat = of(Heartbeat, frames)[-1]
    assert beat.lost == wearable.counts.lost > 0
    assert len(set(arrived)) + beat.lost == beat.next_index - 1 == wearable.counts.taken


def test_while_nobody_asks_the_ring_fills_and_the_rest_is_lost():
    wearable = started()
    said(wearable, 1.0)
    frames = said(wearable, 601.0)
    assert sum(frame.count for frame in of(Samples, frames)) == 200  # two seconds
    assert of(Heartbeat, frames)[-1].lost == 60_000 - 200
    assert len(of(Heartbeat, frames)) <= 3


def test_a_flood_of_commands_is_kept_within_bounds():
    wearable = wearable_of()
    for number in range(5000):
        told(wearable, Action.IDENTIFY, 1.0, number=number % 256)
    assert len(wearable.speak(1.0)) < 20_000


def test_a_restart_begins_everything_anew():
    wearable = started(seed=9)
    before = said(wearable, 1.5)
    wearable.restart(2.0)
    after = said(wearable, 3.2)
    assert {frame.boot for frame in after}.isdisjoint({frame.boot for frame in before})
    assert isinstance(after[0], Hello)
    assert (after[0].sequence, after[0].clock_us) == (0, 0)
    assert (of(Heartbeat, after)[0].next_index, of(Samples, after)) == (0, [])
    assert wearable.counts.restarts == 1


def test_power_cuts_come_by_seed():
    wearable = wearable_of(mishaps=Mishaps(restart_every_s=10))
    boots = {frame.boot for frame in said(wearable, *range(1, 501))}
    assert wearable.counts.restarts == pytest.approx(50, abs=20)
    assert len(boots) > 0.8 * wearable.counts.restarts


def test_the_battery_runs_down_and_then_there_is_silence():
    wearable = wearable_of(battery=0.05, mishaps=Mishaps(battery_s=1000))
    frames = said(wearable, *range(1, 60))
    assert sorted({frame.percent for frame in of(Battery, frames)}) == [0, 1, 2, 3, 4, 5]
    assert of(Heartbeat, frames)[-1].clock_us == 50_000_000
    assert wearable.speak(100.0) == b""


def test_the_button_is_pressed_and_let_go():
    presses = [
        frame.pressed for frame in of(Button, said(wearable_of(mishaps=Mishaps(button_every_s=5)), *range(1, 99)))
    ]
    assert presses[:4] == [True, False, True, False]


def test_when_the_signal_ends_the_last_sample_is_known_and_it_cannot_be_started_again():
    wearable = started(signal=counting(limit=123))
    frames = said(wearable, *range(1, 5))
    assert sum(frame.count for frame in of(Samples, frames)) == 123
    assert (of(Heartbeat, frames)[-1].next_index, wearable.streaming) == (124, False)
    told(wearable, Action.START, 6.0, number=2)
    assert of(Ack, said(wearable, 6.0))[0].result is Result.FAILED


def test_no_sample_waits_longer_than_a_tenth_of_a_second_for_its_frame():
    frames = of(Samples, said(started(), *np.arange(1, 401) / 50))
    assert {frame.count for frame in frames} == {10, 1}  # those before a heartbeat are not made to wait


def test_a_battery_that_is_empty_from_the_start_is_refused():
    with pytest.raises(ValueError, match="battery 0"):
        wearable_of(battery=0)
