"""The C end and the golden frames, compiled for the host and executed on an emulated Cortex-M4."""

from __future__ import annotations

from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Ack, Result
from tests.firmware_bridge.c.golden import COMMANDS, OBEYING, OTHERS, SCRIPTS, SENT, SILENT


def test_makes_every_golden_frame(everywhere):
    made = {name: told[-1].wire.hex() for (name, _, _), told in zip(SENT, everywhere(SCRIPTS), strict=True)}
    assert made == {name: wire.hex() for name, _, wire in SENT}


def test_obeys_every_golden_command(everywhere):
    for (name, command, _), told in zip(COMMANDS, everywhere(OBEYING), strict=True):
        asked = [(command.action, command.argument if command.action == 3 else 0)] if command.action <= 3 else []
        if command.action == 2:
            asked = []  # it does not stream: there is nothing to stop
        assert told[-1].commands == asked, name
        answer = [frame for frame in Decoder().feed(told[-1].wire) if isinstance(frame, Ack)]
        result = Result.DONE if command.action <= 3 else Result.UNKNOWN_ACTION
        assert [(one.id, one.result) for one in answer] == [(command.id, result)], name


def test_is_silent_to_all_else_and_hears_the_next_command(everywhere):
    for (name, _), told in zip(OTHERS, everywhere(SILENT), strict=True):
        first, last = told[2], told[4]
        assert (first.wire, first.commands) == (b"", []), name
        assert [frame.result for frame in Decoder().feed(last.wire)] == [Result.UNKNOWN_ACTION], name
