from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.decoder import Rejected
from firmware_bridge.errors import RecordingError
from firmware_bridge.frames import Ack, Action, Hello, Result
from firmware_bridge.recording import RecordingWriter, read_recording
from firmware_bridge.replaying import ReplayedWearable
from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
from tests.firmware_bridge.recorded import bytes_of, command, frames_of, heard_of, recorded

ASKED = [(0.0, command(Action.IDENTIFY, 7)), (0.5, command(Action.START, 8))]


def played(path, seconds=6.0, asked=ASKED, **options):
    """What is said when commands are given at their times."""
    wearable, said, left = ReplayedWearable(read_recording(path), **options), b"", list(asked)
    for now_s in np.arange(0, seconds, 0.01):
        while left and left[0][0] <= now_s:
            wearable.hear(left.pop(0)[1], now_s)
        said += wearable.speak(now_s)
    return said


def unnumbered(data):
    """Frames but for answers and their numbers, and what else there was."""
    return [
        one if isinstance(one, Rejected) else replace(one, sequence=0, clock_us=0)
        for one in frames_of(data)
        if not isinstance(one, Ack)
    ]


@pytest.mark.parametrize("noise", [Noise(), Noise(damage=0.002, loss=0.001, insert=0.001)])
def test_all_is_played_as_it_was_recorded_and_its_own_answers_are_put_in(tmp_path, noise):
    path = recorded(tmp_path / "a.egb", wire=NoisyWire(3, noise))
    asked = [(0.0, command(Action.IDENTIFY, 7))]
    assert unnumbered(played(path, asked=asked)) == unnumbered(bytes_of(path))
    assert [one.id for one in frames_of(played(path, asked=asked)) if isinstance(one, Ack)] == [7]


def test_a_session_hears_the_same_as_it_did(tmp_path):
    path = recorded(tmp_path / "a.egb", wire=NoisyWire(5, Noise(damage=0.002)))
    then, now = (heard_of(data)[0].counts for data in (bytes_of(path), played(path)))
    assert now == then
    assert then.missing > 0


def test_frames_are_numbered_without_a_hole(tmp_path):
    said = played(recorded(tmp_path / "a.egb"))
    sequence = [one.sequence for one in frames_of(said)]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))
    assert [one.id for one in frames_of(said) if isinstance(one, Ack)] == [7, 8]


def test_it_waits_for_a_command_and_keeps_the_pace(tmp_path):
    wearable = ReplayedWearable(read_recording(recorded(tmp_path / "a.egb")))
    assert wearable.speak(50.0) == b""
    wearable.hear(command(Action.IDENTIFY), 60.0)
    half = wearable.speak(62.5)
    rest = wearable.speak(65.0)
    assert heard_of(half)[0].counts.samples == pytest.approx(625, abs=25)
    assert heard_of(half + rest)[0].counts.samples == heard_of(bytes_of(tmp_path / "a.egb"))[0].counts.samples


def test_it_is_over_once_all_was_said(tmp_path):
    wearable = ReplayedWearable(read_recording(recorded(tmp_path / "a.egb", 1.0)))
    wearable.hear(command(Action.IDENTIFY), 0.0)
    assert wearable.speak(2.0)
    assert (wearable.streaming, wearable.over) == (False, False)
    assert wearable.speak(2.0) == b""
    assert wearable.over


@pytest.mark.parametrize(
    ("action", "result"),
    [
        (Action.IDENTIFY, Result.DONE),
        (Action.START, Result.DONE),
        (Action.STOP, Result.DONE),
        (Action.SET_RATE, Result.NOT_NOW),
        (200, Result.UNKNOWN_ACTION),
    ],
)
def test_commands_are_answered_once_each(tmp_path, action, result):
    path = recorded(tmp_path / "a.egb", 2.0)
    first, again = command(action, 9, 5), command(action, 9, 5)
    said = played(path, 3.0, asked=[(0.0, command(Action.IDENTIFY, 1)), (1.0, first), (1.1, again)])
    acks = [(one.id, one.result) for one in frames_of(said) if isinstance(one, Ack)]
    assert acks == [(1, Result.DONE), (9, result), (9, result)]
    introduces = action in (Action.IDENTIFY, Action.START)
    recorded_hellos = sum(isinstance(one, Hello) for one in frames_of(bytes_of(path)))
    assert sum(isinstance(one, Hello) for one in frames_of(said)) == recorded_hellos + introduces


def test_a_hello_that_comes_later_is_told_to_whoever_asks_again(tmp_path):
    hello = next(one for one in frames_of(bytes_of(recorded(tmp_path / "a.egb"))) if isinstance(one, Hello))
    with RecordingWriter(tmp_path / "b.egb", "tcp:h:1", monotonic=lambda: 0.0) as writer:
        writer.write(30.0, b"\0rubbish\0" + bytes_of(tmp_path / "a.egb"))
    said = played(tmp_path / "b.egb", 1.0, [(0.0, command(Action.IDENTIFY, 1)), (0.5, command(Action.IDENTIFY, 2))])
    ack, again, second = frames_of(said)
    assert (type(ack), type(second), again.device) == (Ack, Ack, hello.device)


def test_in_a_loop_it_is_restarted_and_indices_go_on(tmp_path):
    session, blocks = heard_of(played(recorded(tmp_path / "a.egb", 2.0), 6.5, loop=True))
    assert session.counts.restarts == 3
    starts = [block.start for block in blocks]
    assert starts == sorted(starts)
    assert sum(block.values.shape[1] for block in blocks) > 3 * 450


def test_a_recorded_restart_is_one(tmp_path):
    session, _ = heard_of(played(recorded(tmp_path / "a.egb", restart_s=2.0)))
    assert session.counts.restarts == 1


def test_rubbish_is_played_and_answered_over(tmp_path):
    rubbish = b"no zero byte in here, and longer than any frame" * 20
    with RecordingWriter(tmp_path / "a.egb", "tcp:h:1", monotonic=lambda: 0.0) as writer:
        writer.write(0.0, rubbish)
    wearable = ReplayedWearable(read_recording(tmp_path / "a.egb"))
    wearable.hear(command(Action.IDENTIFY, 1), 0.0)
    assert isinstance(frames_of(wearable.speak(0.0) + b"\0")[0], Ack)
    wearable.hear(command(Action.IDENTIFY, 2), 0.1)
    assert isinstance(frames_of(rubbish + wearable.speak(0.1))[-1], Ack)


def test_much_that_is_due_at_once_comes_in_parts(tmp_path):
    with RecordingWriter(tmp_path / "a.egb", "tcp:h:1", monotonic=lambda: 0.0) as writer:
        for _ in range(8):
            writer.write(0.0, bytes(50_000))
    wearable = ReplayedWearable(read_recording(tmp_path / "a.egb"))
    wearable.hear(command(Action.IDENTIFY), 0.0)
    assert len(wearable.speak(0.0)) < 120_000


def test_an_empty_recording_is_refused(tmp_path):
    RecordingWriter(tmp_path / "a.egb", "tcp:h:1").close()
    with pytest.raises(RecordingError, match="holds nothing that could be played: record anew"):
        ReplayedWearable(read_recording(tmp_path / "a.egb"))
