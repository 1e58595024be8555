"""Interrupts that break into the main loop anywhere: nothing is torn, nothing is lost that is not counted."""

from __future__ import annotations

import subprocess

import pytest

from firmware_bridge import wire
from firmware_bridge.coding import values_of
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Ack, Action, Battery, Button, Command, Heartbeat, Leads, Samples
from tests.firmware_bridge.c.building import emulated, host_program, m4_program

COMMANDS = [Command(0, 0, 0, 0, Action.START), *(Command(0, 0, 0, k, Action.IDENTIFY) for k in range(1, 100))]
GIVEN = b"".join(map(wire.encode, COMMANDS))


@pytest.fixture(scope="module", params=["host", "cortex-m4"])
def told(request, build):
    """Samples taken, samples lost, buttons taken, and the frames."""
    if request.param == "host":
        program = host_program("clang", ["interrupted.c", "port_host.c"], build)
        output = subprocess.run([program], input=GIVEN, capture_output=True, check=True, timeout=60).stdout
    else:
        output = emulated(m4_program("interrupted.c", build), GIVEN, build, "-icount", "shift=5,sleep=off")
    decoder = Decoder()
    frames = decoder.feed(output[12:])
    assert decoder.counts.rejected == 0
    return *(int.from_bytes(output[at : at + 4], "little") for at in (0, 4, 8)), frames


def test_each_sample_is_right_or_counted_as_lost(told):
    taken, lost, _, frames = told
    indices = set()
    for frame in frames:
        if isinstance(frame, Samples):
            for k, (first, second) in enumerate(values_of(frame).T.tolist(), frame.index):
                assert (first, second) == (k * 7919 % 2**20, k * 7920 % 2**20)
                indices.add(k)
    assert lost > 100
    assert max(indices) < taken
    assert len(indices) + lost == taken - 1  # the start left one out


def test_each_command_is_answered_once(told):
    assert [frame.id for frame in told[3] if isinstance(frame, Ack)] == [command.id for command in COMMANDS]


def test_each_button_is_told_once(told):
    pressed = [(frame.number, frame.pressed) for frame in told[3] if isinstance(frame, Button)]
    assert len(pressed) > 100
    assert pressed == [(k % 256, k % 2 == 1) for k in range(told[2])]


def test_a_battery_is_never_half_of_one_and_half_of_the_next(told):
    batteries = [frame for frame in told[3] if isinstance(frame, Battery)]
    assert len(batteries) > 100
    assert all(frame.millivolts == 41 * frame.percent for frame in batteries)


def test_the_sequence_leaves_nothing_out(told):
    assert [frame.sequence for frame in told[3]] == [k % 2**16 for k in range(len(told[3]))]


@pytest.fixture(scope="module")
def broken_into(build):
    """The frames of each place that the interrupt broke into."""
    output = emulated(
        m4_program("broken_into.c", build), wire.encode(COMMANDS[0]), build, "-icount", "shift=5,sleep=off"
    )
    found = []
    while output:
        end = 2 + int.from_bytes(output[:2], "little")
        decoder = Decoder()
        found.append(decoder.feed(output[2:end]))
        assert decoder.counts.rejected == 0
        output = output[end:]
    return found


def test_wherever_it_breaks_in_all_is_told_once(broken_into):
    for frames in broken_into:
        kinds = [type(frame) for frame in frames]
        assert kinds.count(Heartbeat) == kinds.count(Battery) == kinds.count(Button) == 1
        assert [frame.off for frame in frames if isinstance(frame, Leads)] == [1, 2]
        samples = [frame for frame in frames if isinstance(frame, Samples)]
        assert [value for frame in samples for value in values_of(frame)[0].tolist()] == [1, 2, 3]


def test_wherever_it_breaks_in_a_heartbeat_stands_between_the_samples(broken_into):
    for frames in broken_into:
        (at,) = (k for k, frame in enumerate(frames) if isinstance(frame, Heartbeat))
        assert all(one.index + one.count <= frames[at].next_index for one in frames[:at] if isinstance(one, Samples))
        assert all(one.index >= frames[at].next_index for one in frames[at:] if isinstance(one, Samples))


def test_it_broke_in_before_within_and_after(broken_into):
    orders = [[type(frame) for frame in frames] for frames in broken_into]
    assert len({tuple(order) for order in orders}) >= 4
    assert orders[0] != orders[-1]
