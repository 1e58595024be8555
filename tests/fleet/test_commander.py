from __future__ import annotations

import pytest

from edgeguard.errors import BrokerError
from edgeguard.fleet.commander import Commander
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.messages import Command, decode
from edgeguard.telemetry.topics import Address
from tests.brokers import eventually

ADDRESS = Address("ward", "commanded")
PING = Command(id="c1", time_ms=5, action="ping")


def test_a_command_goes_to_its_device_and_is_not_kept_for_later(mosquitto, listen):
    heard = listen(mosquitto.port, ADDRESS.topic("cmd"))
    commander = Commander(broker_from(mosquitto.url))
    commander.start()
    commander.send(ADDRESS, PING)
    eventually(lambda: heard.heard)
    commander.stop()
    ((_, payload, retained),) = heard.heard
    assert (decode(payload, Command), retained) == (PING, False)
    assert listen(mosquitto.port, ADDRESS.topic("cmd")).heard == []


def test_without_a_connection_nothing_is_sent(mosquitto_for):
    commander = Commander(broker_from(mosquitto_for().url))
    commander.start()
    assert not commander.connected
    with pytest.raises(BrokerError, match="is not connected, so nothing was sent"):
        commander.send(ADDRESS, PING)
    commander.stop()
