from __future__ import annotations

import math
from dataclasses import replace

import pytest

from firmware_bridge.decoder import DecoderCounts
from firmware_bridge.frames import Ack, Battery, Heartbeat, Hello, Leads, Result, Samples
from firmware_bridge.grading import grade
from firmware_bridge.grading.observations import Asked, Observations, Trial
from firmware_bridge.simulator.virtual_wearable import Mishaps
from tests.firmware_bridge.grading.examined import changed, examined, finding, shifted, without


@pytest.fixture(scope="module")
def good():
    """Of a wearable that does as it should."""
    return examined()


def answered(seen, trial, result):
    asked = dict(seen.asked)
    asked[trial] = replace(asked[trial], result=result)
    return replace(seen, asked=asked)


def test_a_wearable_that_does_as_it_should_is_good(good):
    report = grade(good)
    assert (report.grade, {one.kind for one in report.findings}) == ("good", {"ok"})
    assert report.figures["samples"] == pytest.approx(20 * 250, abs=25)
    assert (report.figures["missing_samples"], report.figures["overrun_samples"]) == (0, 0)
    assert all(math.isfinite(figure) for figure in report.figures.values())
    assert all("\n" not in one.text for one in report.findings)


def test_notes_make_it_fair_and_what_is_wrong_poor(good):
    assert grade(replace(good, came=[one for one in good.came if not isinstance(one[1], Battery)])).grade == "fair"
    assert grade(replace(good, broke_off="serial:/dev/ttyACM0 has vanished")).grade == "poor"


def test_nothing_that_came_and_rubbish_are_told_apart():
    nothing, rubbish = Observations(), Observations(counts=DecoderCounts(bytes=900, crc=3, cobs=7))
    assert finding(nothing, "frames")[1].startswith("nothing came: is the firmware running")
    assert "900 bytes came and no frame was whole (7 cobs, 3 crc): check the baud rate" in finding(rubbish, "frames")[1]
    newer = Observations(counts=DecoderCounts(bytes=900, version=3))
    assert "its firmware speaks another version of the protocol" in finding(newer, "frames")[1]
    assert "switch off the echo" in finding(Observations(echoed=6, counts=DecoderCounts(bytes=90)), "frames")[1]


def test_a_command_without_an_answer_is_wrong(good):
    mute = replace(good, asked={**good.asked, Trial.BUSY: Asked((5.0, 5.5))})
    kind, text = finding(mute, "answers")
    assert (kind, text.partition(":")[0]) == ("wrong", "none to set_rate while it streams")


def test_answers_that_come_late_or_when_asked_again_are_a_note(good):
    slow = {**good.asked, Trial.UNKNOWN: Asked((3.2,), 3.45, Result.UNKNOWN_ACTION)}
    assert finding(replace(good, asked=slow), "answers") == (
        "note",
        "8 of 8 commands, the slowest in 250 ms: hand what comes to the bridge more often",
    )
    again = {**good.asked, Trial.UNKNOWN: Asked((3.2, 3.7), 3.71, Result.UNKNOWN_ACTION)}
    assert "1 times only when asked again" in finding(replace(good, asked=again), "answers")[1]


@pytest.mark.parametrize("trial", [Trial.UNKNOWN, Trial.IMPOSSIBLE, Trial.BUSY])
def test_what_must_be_refused_is_wrong_where_it_is_done(good, trial):
    assert finding(good, trial.value)[0] == "ok"
    assert finding(answered(good, trial, Result.DONE), trial.value)[0] == "wrong"
    assert finding(answered(good, trial, Result.FAILED), trial.value)[0] == "note"


@pytest.mark.parametrize("trial", [Trial.IDENTIFY, Trial.START, Trial.STOP])
def test_what_must_be_done_is_wrong_where_it_is_refused(good, trial):
    assert finding(answered(good, trial, Result.NOT_NOW), trial.value) == (
        "wrong",
        "answered with not now: it must be possible then",
    )


def test_a_damaged_command_must_not_be_answered(good):
    silent = replace(good, asked={**good.asked, Trial.DAMAGED: Asked((3.5,))})
    obeyed = replace(good, asked={**good.asked, Trial.DAMAGED: Asked((3.5,), 3.51, Result.DONE)})
    assert finding(silent, "damaged command") == ("ok", "passed over in silence")
    assert finding(obeyed, "damaged command")[0] == "wrong"


def test_hello_must_come_and_not_change(good):
    assert finding(examined(5, change=without(Hello)), "hello")[0] == "wrong"
    fickle = examined(5, change=changed(Hello, device=lambda hello: f"edge-{hello.sequence}"))
    assert "it did not say the same each time" in finding(fickle, "hello")[1]
    slower = examined(5, change=changed(Hello, rate_mhz=lambda hello: 250_000 + hello.sequence))
    assert finding(slower, "hello")[0] == "ok"


def test_hello_comes_before_samples_and_again():
    once = examined(change=without(Hello, lambda hello: hello.clock_us > 4.5e6))
    kind, text = finding(once, "hello again")
    assert (kind, text.partition(": ")[2][:19]) == ("note", "send one every 10 s")
    unannounced = examined(5, change=without(Hello, lambda hello: hello.clock_us > 2e6))
    assert "samples came before a hello" in finding(unannounced, "start")[1]


def test_events_that_never_come_are_a_note():
    kind, text = finding(examined(5, change=without(Leads | Battery)), "events")
    assert (kind, text.partition(" came")[0]) == ("note", "no leads and no battery")


def test_a_start_without_samples_or_without_a_number_left_out_is_wrong(good):
    assert "done, but no samples came" in finding(examined(5, change=without(Samples)), "start")[1]
    joined = examined(5, change=lambda frame: shifted(frame, -1, 0))
    assert "leave one out" in finding(joined, "start")[1]


def test_a_repeated_start_that_is_done_twice_is_seen(good):
    first = next(frame.sequence for at, frame in good.of(Samples) if at > 4.6)
    kind, text = finding(examined(change=lambda frame: shifted(frame, 1, first)), Trial.REPEATED.value)
    assert (kind, text.partition(":")[0]) == ("wrong", "done twice")


def test_samples_after_the_stop_are_wrong(good):
    late = good.of(Samples)[-1][1]
    seen = replace(good, came=[*good.came, (good.done_s(Trial.STOP) + 0.9, late)])
    kind, text = finding(seen, "stop")
    assert (kind, text[:35]) == ("wrong", "samples still came 0.9 s after it w")


def test_a_few_damaged_frames_are_a_note_and_many_wrong(good):
    few, many = DecoderCounts(frames=4000, crc=2), DecoderCounts(frames=400, crc=1, cobs=4)
    assert finding(replace(good, counts=few), "damaged frames")[0] == "note"
    kind, text = finding(replace(good, counts=many), "damaged frames")
    assert (kind, text[:27]) == ("wrong", "5 of 405 (4 cobs, 1 crc): a")


def test_gaps_say_whether_the_wearable_or_the_link_has_lost_them(good):
    number = good.of(Samples)[100][1].sequence
    lost = examined(change=without(Samples, lambda frame: frame.sequence == number))
    assert finding(lost, "gaps")[1].startswith("1, 25 of ")
    assert "no frame" not in finding(lost, "gaps")[1]
    unsent = examined(change=lambda frame: shifted(frame, 40, number))
    assert "1 where no frame is, so the wearable left them out" in finding(unsent, "gaps")[1]


def test_repeated_and_swapped_frames_are_no_gap():
    def doubled(frame):
        return [frame, frame] if isinstance(frame, Samples) and frame.sequence % 7 == 0 else [frame]

    assert finding(examined(change=doubled), "gaps")[0] == "ok"


def test_a_full_buffer_is_wrong():
    kind, text = finding(examined(mishaps=Mishaps(overrun_every_s=5.0)), "overruns")
    assert (kind, text.split(" ", 1)[1][:34]) == ("wrong", "samples found no room in the weara")
    backwards = examined(5, change=changed(Heartbeat, lost=lambda beat: 9000 - beat.sequence))
    assert "lost goes back" in finding(backwards, "overruns")[1]


def test_restarts_and_two_on_one_wire_are_told_apart(good):
    restarted = examined(8, change=changed(object, boot=lambda frame: 1 + (frame.clock_us > 8e6)))
    assert finding(restarted, "restarts")[1].startswith("1 while it was examined")
    two = examined(8, change=changed(object, boot=lambda frame: 1 + frame.sequence % 2))
    assert finding(two, "restarts")[1].startswith("2 boots alternate")


def test_heartbeats_must_come_every_second_and_tell_the_truth():
    assert finding(examined(8, change=without(Heartbeat)), "heartbeats")[0] == "wrong"
    rare = examined(12, change=without(Heartbeat, lambda beat: round(beat.clock_us / 1e6) % 5 > 0))
    assert finding(rare, "heartbeats")[0] == "wrong"
    behind = examined(8, change=changed(Heartbeat, next_index=lambda _: 0))
    assert finding(behind, "next of heartbeats")[0] == "wrong"
    idle = examined(8, change=changed(Heartbeat, streaming=lambda _: False))
    assert finding(idle, "streaming of heartbeats")[0] == "wrong"


def test_an_acknowledgment_alone_is_an_answer():
    only = examined(5, change=lambda frame: [frame] if isinstance(frame, Ack) else [])
    assert finding(only, "answers")[0] == "ok"
    assert finding(only, "hello")[0] == "wrong"
