from __future__ import annotations

import pytest
from paho.mqtt import publish

from benchmarks.faults.broker import MOSQUITTO, PersistentBroker
from benchmarks.faults.receiver import Receiver
from edgeguard.telemetry.messages import encode
from tests.benchmarks.faults.test_audit import alert
from tests.brokers import eventually

TOPIC = "edgeguard/v1/ward/w1/alert"


@pytest.fixture
def broker(tmp_path):
    if not MOSQUITTO.exists():
        pytest.skip(f"Mosquitto is not at {MOSQUITTO}: install it")
    broker = PersistentBroker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()


def test_the_receiver_hears_what_came_before_and_after_a_kill_of_the_broker(broker):
    receiver = Receiver(broker.port, "edgeguard/v1/ward/w1/#")
    receiver.wait_subscribed()
    publish.single(TOPIC, encode(alert(1, 5)), qos=1, hostname="127.0.0.1", port=broker.port)
    broker.kill()
    broker.start()
    receiver.wait_subscribed()
    publish.single(TOPIC, encode(alert(2, 7)), qos=1, hostname="127.0.0.1", port=broker.port)
    eventually(lambda: {message.seq for message in receiver.heard} == {1, 2})
    receiver.close()
