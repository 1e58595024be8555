"""Commands to the C end, whole and damaged."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge import wire
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Ack, Action, Battery, Command, Heartbeat, Hello, Leads, Result, Samples
from tests.firmware_bridge.c.script import Polled, Script, frames_of

FUZZED = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
COMMANDS = st.builds(
    Command, st.just(0), st.just(5), st.just(6), st.integers(0, 3), st.integers(0, 5), st.sampled_from([0, 1, 500_000])
)


def kinds(frames):
    return [type(frame) for frame in frames]


def done(frames):
    return [(frame.id, frame.result) for frame in frames if isinstance(frame, Ack)]


def asked_for(answers):
    """Actions that the firmware was told to do."""
    return [action for polled in answers if isinstance(polled, Polled) for action, _ in polled.commands]


def test_identify_brings_hello_leads_battery_and_the_answer(bridge):
    answers = bridge(Script().init().battery(50).poll().command(Action.IDENTIFY, number=9).poll())
    assert kinds(frames_of(answers[-1:])) == [Hello, Leads, Battery, Ack]
    assert done(frames_of(answers)) == [(9, Result.DONE)]
    assert answers[-1].commands == [(Action.IDENTIFY, 0)]


def test_start_streams_behind_a_hello_and_leaves_an_index_out(bridge):
    answers = bridge(Script().init(latency=1).poll().command(Action.START).poll().push([5]).poll())
    frames = frames_of(answers)
    assert kinds(frames) == [Hello, Leads, Heartbeat, Hello, Leads, Ack, Samples]
    assert frames[-1].index == 1


def test_each_start_leaves_an_index_out(bridge):
    script = Script().started(latency=1).push([5]).poll().command(Action.STOP, number=2).poll()
    frames = frames_of(bridge(script.command(Action.START, number=3).poll().push([6]).poll()))
    assert [frame.index for frame in frames if isinstance(frame, Samples)] == [1, 3]


def test_a_start_while_it_streams_parts_nothing(bridge):
    script = Script().started(latency=1).push([5]).poll().command(Action.START, number=2).poll().push([6]).poll()
    answers = bridge(script)
    assert [frame.index for frame in frames_of(answers) if isinstance(frame, Samples)] == [1, 2]
    assert asked_for(answers) == [Action.START]


def test_stop_is_answered_behind_the_last_samples(bridge):
    script = Script().started(latency=2).push([5]).push([6]).push([7]).command(Action.STOP, number=2).poll(5).push([8])
    answers = bridge(script.poll())
    assert kinds(frames_of(answers[-3:])) == [Samples, Samples, Ack]
    assert answers[-2] == 0


def test_the_rate_is_set_and_told(bridge):
    answers = bridge(Script().init().poll().command(Action.SET_RATE, 500_000).poll())
    assert answers[-1].commands == [(Action.SET_RATE, 500_000)]
    assert frames_of(answers[-1:])[0].rate_mhz == 500_000
    assert done(frames_of(answers)) == [(1, Result.DONE)]


def test_a_rate_that_the_firmware_refuses_stays_as_it_was(bridge):
    script = Script().init().poll().result(Result.WRONG_VALUE).command(Action.SET_RATE, 500_000).poll()
    answers = bridge(script.result(Result.DONE).command(Action.IDENTIFY, number=2).poll())
    assert done(frames_of(answers)) == [(1, Result.WRONG_VALUE), (2, Result.DONE)]
    assert frames_of(answers[-1:])[0].rate_mhz == 250_000


def test_the_rate_is_not_set_while_it_streams_nor_to_nothing(bridge):
    script = Script().started().command(Action.SET_RATE, 500_000, number=2).poll().command(Action.STOP, number=3).poll()
    answers = bridge(script.command(Action.SET_RATE, 0, number=4).poll())
    assert done(frames_of(answers))[1:] == [(2, Result.NOT_NOW), (3, Result.DONE), (4, Result.WRONG_VALUE)]
    assert asked_for(answers) == [Action.START, Action.STOP]


def test_a_start_that_fails_streams_nothing(bridge):
    answers = bridge(Script().init().result(Result.FAILED).command(Action.START).poll().push([1]).poll())
    assert done(frames_of(answers)) == [(1, Result.FAILED)]
    assert answers[-2] == 0


def test_without_a_callback_all_is_done_but_the_rate(bridge):
    script = Script().init(commands=False)
    for number, action in enumerate((Action.START, Action.STOP, Action.SET_RATE, Action.IDENTIFY)):
        script.command(action, 1000, number=number).poll()
    results = [result for _, result in done(frames_of(bridge(script)))]
    assert results == [Result.DONE, Result.DONE, Result.WRONG_VALUE, Result.DONE]


def test_a_repeated_command_is_answered_as_before_and_not_done_again(bridge):
    script = Script().init().result(Result.FAILED).command(Action.IDENTIFY).poll()
    answers = bridge(script.result(Result.DONE).command(Action.IDENTIFY).poll())
    assert done(frames_of(answers)) == [(1, Result.FAILED), (1, Result.FAILED)]
    assert answers[-1].commands == []


@pytest.mark.parametrize("other", [(Action.IDENTIFY, 0, 2), (Action.STOP, 0, 1), (Action.IDENTIFY, 1, 1)])
def test_another_id_action_or_argument_is_another_command(bridge, other):
    action, argument, number = other
    script = Script().init().result(Result.FAILED).command(Action.IDENTIFY).poll()
    answers = bridge(script.result(Result.DONE).command(action, argument, number=number).poll())
    assert done(frames_of(answers))[-1] == (number, Result.DONE)


def test_the_first_command_is_never_taken_for_a_repeated_one(bridge):
    answers = bridge(Script().init().command(Action.IDENTIFY, number=0).poll())
    assert answers[-1].commands == [(Action.IDENTIFY, 0)]


def test_a_second_command_waits_until_the_first_one_is_answered(bridge):
    both = b"".join(wire.encode(Command(0, 0, 0, number, Action.IDENTIFY)) for number in (1, 2))
    half = len(both) // 2
    script = Script().init().poll().receive(both).poll(accept=5).receive(both[half:]).poll(accept=5).poll()
    answers = bridge(script.poll())
    assert answers[2] == half
    assert answers[4] == half
    assert done(frames_of(answers)) == [(1, Result.DONE), (2, Result.DONE)]


@given(st.lists(COMMANDS, min_size=1, max_size=8), st.integers(0, 6), st.integers(0, 2**32 - 1))
@FUZZED
def test_damaged_bytes_never_become_a_command(bridge, commands, damages, seed):
    sent, random = b"".join(map(wire.encode, commands)), np.random.default_rng(seed)
    for _ in range(damages):
        at, cut = random.integers(len(sent)), random.integers(3)
        sent = sent[:at] + random.bytes(random.integers(3)) + sent[at + cut :]
    script = Script().init()
    for part in re.split(rb"(?<=\0)", sent):
        script.receive(part).poll()
    heard = [frame for frame in Decoder().feed(sent) if isinstance(frame, Command)]
    assert [number for number, _ in done(frames_of(bridge(script)))] == [command.id for command in heard]


@given(st.lists(COMMANDS, min_size=1, max_size=30))
@FUZZED
def test_commands_are_done_in_order_each_once(bridge, commands):
    script, expected, streaming, last = Script().init(), [], False, None
    for command in commands:
        script.receive(wire.encode(command)).poll()
        same = (command.id, command.action, command.argument)
        if same != last and asked(command, streaming):
            expected.append(command.action)
            streaming = {Action.START: True, Action.STOP: False}.get(command.action, streaming)
        last = same
    assert asked_for(bridge(script)) == expected


def asked(command, streaming):
    """Whether the firmware is to do something about a command that is not a repeated one."""
    return {
        Action.IDENTIFY: True,
        Action.START: not streaming,
        Action.STOP: streaming,
        Action.SET_RATE: not streaming and command.argument > 0,
    }.get(command.action, False)
