"""What the C end says by its clock and by itself: heartbeats, hellos, leads, battery, buttons."""

from __future__ import annotations

import pytest

from firmware_bridge.frames import Battery, Button, Heartbeat, Hello, Leads
from tests.firmware_bridge.c.script import Script, frames_of

SECOND_US = 1_000_000
LATE_US = 2**32 - 3 * SECOND_US  # the clock comes round soon


def clocks(frames, kind):
    return [frame.clock_us for frame in frames if isinstance(frame, kind)]


def polled(script, start_us, seconds, per_second=4):
    """Polled so often for so long; when, by the wearable's clock."""
    for k in range(round(seconds * per_second)):
        script.poll((start_us + k * SECOND_US // per_second) % 2**32)
    return script


def test_it_introduces_itself_at_its_start(bridge):
    frames = frames_of(bridge(Script().init(boot=0xBEEF).battery(81, 4100).poll(17)))
    assert [type(frame) for frame in frames] == [Hello, Leads, Battery, Heartbeat]
    assert {(frame.boot, frame.clock_us) for frame in frames} == {(0xBEEF, 17)}
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3]


@pytest.mark.parametrize("start_us", [5, LATE_US])
def test_a_heartbeat_every_second_streaming_or_not(bridge, start_us):
    frames = frames_of(bridge(polled(Script().init(), start_us, 6)))
    assert clocks(frames, Heartbeat) == [(start_us + k * SECOND_US) % 2**32 for k in range(6)]


def test_a_hello_every_ten_seconds_while_it_streams(bridge):
    frames = frames_of(bridge(polled(Script().started(), 0, 31)))
    assert clocks(frames, Hello) == [0, 10 * SECOND_US, 20 * SECOND_US, 30 * SECOND_US]
    assert clocks(frames, Leads) == clocks(frames, Hello)


def test_no_more_hellos_while_it_does_not_stream(bridge):
    assert clocks(frames_of(bridge(polled(Script().init(), 0, 31))), Hello) == [0]


def test_heartbeats_that_could_not_be_sent_are_not_made_up_for(bridge):
    script = Script().init().poll(0)
    for second in range(1, 8):
        script.poll(second * SECOND_US, accept=0)
    assert clocks(frames_of(bridge(script.poll(8 * SECOND_US))), Heartbeat) == [0, SECOND_US, 8 * SECOND_US]


def test_leads_are_told_when_they_change_and_only_then(bridge):
    script = Script().init(3).poll()
    for off in [0, 5, 5, 5, 0]:
        script.leads(off).poll()
    assert [frame.off for frame in frames_of(bridge(script)) if isinstance(frame, Leads)] == [0, 5, 0]


def test_the_battery_is_told_at_every_percent_and_every_ten_minutes(bridge):
    script = Script().init().battery(50, 4000).poll(0).battery(50, 3999).poll(1).battery(49, 3998).poll(2)
    script.poll(599 * SECOND_US).poll(600 * SECOND_US + 2)
    told = [frame for frame in frames_of(bridge(script)) if isinstance(frame, Battery)]
    assert [(frame.percent, frame.millivolts) for frame in told] == [(50, 4000), (49, 3998), (49, 3998)]


def test_a_battery_that_is_never_told_of_is_not_invented(bridge):
    assert clocks(frames_of(bridge(polled(Script().started(), 0, 700, per_second=1))), Battery) == []


def test_more_than_a_full_battery_is_full(bridge):
    (told,) = (one for one in frames_of(bridge(Script().init().battery(255).poll())) if isinstance(one, Battery))
    assert told.percent == 100


def test_buttons_are_told_in_order_and_too_many_are_refused(bridge):
    script = Script().init().poll()
    for number in range(4):
        script.button(number, pressed=True)
    answers = bridge(script.poll().button(9, pressed=False).poll())
    assert answers[2:6] == [1, 1, 1, 0]
    told = [(one.number, one.pressed) for one in frames_of(answers) if isinstance(one, Button)]
    assert told == [(0, True), (1, True), (2, True), (9, False)]
