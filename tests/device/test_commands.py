from __future__ import annotations

import asyncio
import json

import pytest

from edgeguard.device.commands import Answer, Commands, carry_out
from edgeguard.errors import EngineError
from edgeguard.telemetry.messages import Command

TOPIC = "edgeguard/v1/f/d/cmd"


def payload(command_id="c1", action="ping", **fields):
    return json.dumps({"schema": 1, "id": command_id, "time_ms": 5, "action": action} | fields).encode()


class Desk:
    """Commands with a clock that stands still until it is moved."""

    def __init__(self):
        self.seconds = 0.0
        self.commands = Commands(TOPIC, lambda: self.seconds)

    def receive(self, *args, topic=TOPIC, retained=False, **fields):
        return self.commands.receive(topic, payload(*args, **fields), retained)


@pytest.fixture
def desk():
    return Desk()


def test_command_is_to_be_carried_out_and_then_answered(desk):
    command = desk.receive("c1", "set_interval", interval_s=5)
    assert command == Command(id="c1", time_ms=5, action="set_interval", interval_s=5.0)
    assert desk.commands.settle(command, "") == Answer("c1")


def test_command_that_comes_again_is_answered_again_and_not_carried_out_twice(desk):
    command = desk.receive("c1", "self_test")
    assert desk.receive("c1", "self_test") is None  # it is under way
    answer = desk.commands.settle(command, "the logits differ")
    assert desk.receive("c1", "self_test") == answer == Answer("c1", "the logits differ")


def test_sixty_four_answers_are_remembered(desk):
    for n in range(65):
        desk.seconds += 1
        desk.commands.settle(desk.receive(f"c{n}"), "")
    desk.seconds += 1
    assert desk.receive("c1") == Answer("c1")
    assert desk.receive("c0").id == "c0"


def test_retained_command_is_refused(desk):
    assert "send it without retain" in desk.receive(retained=True).reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"action": "explode"}, "Invalid enum value 'explode'"),
        ({"action": "set_interval"}, "set_interval needs it"),
        ({"schema": 2}, "schema 2 is newer than 1"),
        ({"extra": "\n\x1b[31m" * 500}, "the limit is 4096"),
    ],
)
def test_malformed_command_with_an_id_is_answered_in_one_short_line(desk, fields, reason):
    answer = desk.receive(**fields)
    assert reason in answer.reason
    assert len(answer.reason) <= 200
    assert answer.reason.isprintable()


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"[" * 4000, b"{}", b'{"id": 5}', b'{"id": "a\\nb"}'])
def test_malformed_command_without_an_id_is_counted(desk, garbage):
    assert desk.commands.receive(TOPIC, garbage, False) is None
    assert desk.commands.ignored == 1


def test_command_to_another_device_is_ignored(desk):
    assert desk.receive(topic="edgeguard/v1/f/other/cmd") is None
    assert desk.commands.ignored == 1


def test_flood_of_commands_is_cut_down_to_one_a_second(desk, caplog):
    for n in range(20):
        desk.commands.settle(desk.receive(f"c{n}"), "")
    assert [desk.receive("more") for _ in range(30)] == [None] * 30
    assert caplog.text.count("faster than one a second") == 1
    desk.seconds += 1.0
    assert desk.receive("later").id == "later"
    assert desk.receive("more") is None
    assert desk.commands.ignored == 31


def test_ninth_command_that_would_have_to_wait_is_refused(desk):
    taken = [desk.receive(f"c{n}") for n in range(8)]
    assert "waiting already" in desk.receive("c8").reason
    desk.commands.settle(taken[0], "")
    assert desk.receive("c8") == Command(id="c8", time_ms=5, action="ping")


class Actions:
    def __init__(self):
        self.done = []

    async def set_interval(self, interval_s):
        self.done.append(interval_s)

    async def self_test(self):
        raise EngineError("the logits\ndiffer")

    async def reload_bundle(self):
        self.done.append("reload")


@pytest.mark.parametrize(
    ("action", "fields", "done", "reason"),
    [
        ("ping", {}, [], ""),
        ("set_interval", {"interval_s": 5.0}, [5.0], ""),
        ("self_test", {}, [], "the logits differ"),
        ("reload_bundle", {}, ["reload"], ""),
    ],
)
def test_each_action_is_carried_out_or_says_why_not(action, fields, done, reason):
    actions = Actions()
    command = Command(id="c", time_ms=0, action=action, **fields)
    assert asyncio.run(carry_out(command, actions)) == reason
    assert actions.done == done
