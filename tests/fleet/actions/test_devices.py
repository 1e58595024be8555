from __future__ import annotations

import pytest

from edgeguard.errors import BrokerError, DataError, Forbidden
from edgeguard.fleet.actions import devices as actions
from edgeguard.fleet.actor import SYSTEM
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import audit, commands, devices
from edgeguard.telemetry.topics import Address
from tests.fleet.small_fleet import NOW_MS, fill, person


@pytest.fixture
def sent():
    return []


@pytest.fixture
def parts(database, sent):
    fill(database)
    return Parts(database, FleetConfig(), send=lambda *what: sent.append(what))


def send(parts, action="ping", interval_s=None, actor=SYSTEM):
    with parts.database.reading() as connection:
        row = devices.device(connection, "ward", "d1")
    return actions.send_command(parts, actor, row, action, interval_s, NOW_MS)


def written(parts):
    with parts.database.reading() as connection:
        return commands.commands(connection, 1)


def test_a_command_is_sent_and_written_down(parts, sent):
    number = send(parts, "set_interval", 30.0)
    ((address, command),) = sent
    assert (address, command.id, command.interval_s) == (Address("ward", "d1"), number, 30.0)
    (row,) = written(parts)
    assert (row.id, row.action, row.interval_s, row.done) == (number, "set_interval", 30.0, None)
    with parts.database.reading() as connection:
        (entry,) = audit.entries(connection, action="device.").rows
    assert (entry.action, entry.subject, entry.details) == (
        "device.set_interval",
        "device ward/d1",
        {"interval_s": 30.0},
    )


def test_the_row_is_there_before_the_answer_can_come(parts):
    def answered_at_once(_address, command):
        assert [row.id for row in written(parts)] == [command.id]

    send(Parts(parts.database, parts.config, send=answered_at_once))


@pytest.mark.parametrize(("action", "interval_s"), [("set_interval", None), ("ping", 5.0), ("set_interval", 0.5)])
def test_what_no_device_would_take_is_not_sent(parts, sent, action, interval_s):
    with pytest.raises(DataError, match=f"the command {action} cannot be sent"):
        send(parts, action, interval_s)
    assert sent == written(parts) == []


def test_a_command_that_did_not_go_out_says_so(parts):
    def refuse(*_what):
        raise BrokerError("the broker is away")

    with pytest.raises(BrokerError):
        send(Parts(parts.database, parts.config, send=refuse))
    assert [(row.done, row.reason) for row in written(parts)] == [(False, "the broker is away")]
    with pytest.raises(BrokerError, match="no broker is configured"):
        send(Parts(parts.database, parts.config))


def test_only_who_manages_commands_and_forgets(parts, sent):
    clinician = person(parts.database, "clinician").actor
    with pytest.raises(Forbidden):
        send(parts, actor=clinician)
    with pytest.raises(Forbidden):
        actions.forget(parts.database, clinician, "ward", "d1", NOW_MS)
    assert sent == written(parts) == []


def test_a_forgotten_device_takes_all_along(parts):
    send(parts)
    actions.forget(parts.database, SYSTEM, "ward", "d1", NOW_MS)
    assert written(parts) == []
    with parts.database.reading() as connection:
        assert devices.devices(connection, sort="device").total == 2
