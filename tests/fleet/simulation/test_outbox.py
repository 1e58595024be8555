from __future__ import annotations

import pytest

from edgeguard.errors import BrokerError
from edgeguard.fleet.simulation.outbox import Outbox
from edgeguard.telemetry.broker import Broker, broker_from
from edgeguard.telemetry.connection import Message
from tests.brokers import eventually, gate_to  # noqa: F401 - fixture


def message(number, device="d1"):
    return Message(f"edgeguard/v1/outbox/{device}/telemetry", str(number).encode(), for_somebody=True)


@pytest.fixture
def outbox_to():
    made = []

    def make(broker, **options):
        made.append(Outbox(broker, connections=2, retry_s=(0.05, 0.1), **options))
        made[-1].start()
        return made[-1]

    yield make
    for outbox in made:
        outbox.stop()


def test_messages_of_a_device_keep_their_order(mosquitto, listen, outbox_to):
    ears = listen(mosquitto.port, "edgeguard/v1/outbox/#")
    outbox = outbox_to(broker_from(mosquitto.url))
    for number in range(300):
        outbox.put(message(number, f"d{number % 3}"))
    assert outbox.wait_delivered(10)
    assert (outbox.acknowledged, outbox.waiting) == (300, 0)
    eventually(lambda: len(ears.heard) == 300)
    for device in range(3):
        assert ears.payloads(f"d{device}/telemetry") == [str(number).encode() for number in range(device, 300, 3)]


def test_what_was_put_while_the_link_was_down_is_sent_when_it_is_back(mosquitto, listen, gate_to, outbox_to):  # noqa: F811 - the fixture
    ears = listen(mosquitto.port, "edgeguard/v1/outbox/#")
    gate = gate_to(mosquitto.port)
    outbox = outbox_to(Broker("127.0.0.1", gate.port))
    outbox.put(message(1))
    assert not outbox.wait_delivered(0.2)
    gate.open()
    assert outbox.wait_delivered(10)
    gate.shut()
    outbox.put(message(2))
    gate.open()
    assert outbox.wait_delivered(10)
    eventually(lambda: {b"1", b"2"} <= set(ears.payloads("telemetry")))


def test_what_nobody_got_is_sent_again_until_somebody_does(mosquitto, listen, outbox_to):
    outbox = outbox_to(broker_from(mosquitto.url))
    outbox.put(message(1, "alone"))
    assert not outbox.wait_delivered(0.7)
    ears = listen(mosquitto.port, "edgeguard/v1/outbox/alone/#")
    assert outbox.wait_delivered(10)
    eventually(lambda: ears.payloads("telemetry") == [b"1"])


def test_a_broker_that_throws_messages_away_is_told_of(mosquitto_for, tmp_path, outbox_to):
    (tmp_path / "access").write_text("topic write elsewhere\n")
    broker = broker_from(mosquitto_for(f"acl_file {tmp_path / 'access'}").start().url)
    outbox = outbox_to(broker, patience_s=0.2)
    outbox.put(message(1))
    with pytest.raises(BrokerError, match="throws away what is sent to edgeguard/v1/outbox/d1/telemetry: let this"):
        outbox.wait_delivered(10)
