from __future__ import annotations

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.connection import Kept
from edgeguard.telemetry.subscriber import Subscriber, Wanted
from tests.brokers import eventually

LINES = "max_inflight_messages 1000\nmax_queued_messages 0\n"


@pytest.fixture
def subscriber():
    made = []

    def make(url, name="one", *, start=True, maximum=100, **filters):
        wanted = Wanted(**{"shared": ["a/+"]} | filters)
        made.append(Subscriber(broker_from(url), name, wanted, Kept(60, maximum), retry_s=(0.05, 0.2)))
        if start:
            made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def publish():
    def send(port, *topics, retain=False):
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port)
        client.loop_start()
        for topic in topics:
            client.publish(topic, topic.encode(), qos=1, retain=retain).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()

    return send


def heard(subscriber, count):
    """The next messages, `count` of them."""
    taken = []
    eventually(lambda: taken.extend(subscriber.take(100, 0.01)) or len(taken) >= count)
    assert len(taken) == count
    return taken


def topics(deliveries):
    return [delivery.topic for delivery in deliveries]


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(mosquitto_for, subscriber, publish):
    broker = mosquitto_for(LINES).start()
    first = subscriber(broker.url)
    publish(broker.port, "a/1", "a/2", "a/3")
    one, two, _three = heard(first, 3)
    first.acknowledge([two, one])
    first.stop()
    publish(broker.port, "a/4")
    assert topics(heard(subscriber(broker.url), 2)) == ["a/3", "a/4"]


def test_no_acknowledgment_goes_to_a_later_connection(mosquitto_for, gate_to, subscriber, publish):
    broker = mosquitto_for(LINES).start()
    gate = gate_to(broker.port)
    gate.open()
    one = subscriber(gate.url)
    publish(broker.port, "a/1")
    (old,) = heard(one, 1)
    gate.shut()
    eventually(lambda: not one.connected)
    gate.open()
    (again,) = heard(one, 1)
    assert (again.topic, again.number, again.connection > old.connection) == ("a/1", old.number, True)
    one.acknowledge([old])
    one.stop()
    assert topics(heard(subscriber(broker.url), 1)) == ["a/1"]


def test_no_more_comes_than_may_be_unacknowledged(mosquitto_for, subscriber, publish):
    broker = mosquitto_for(LINES).start()
    one = subscriber(broker.url, maximum=3)
    publish(broker.port, *(f"a/{k}" for k in range(8)))
    first = heard(one, 3)
    assert one.take(100, 0.01) == []
    one.acknowledge(first)
    eventually(lambda: one.waiting == 3)
    publish(broker.port, "a/8")
    assert one.waiting == 3
    assert topics(heard(one, 6)) == [f"a/{k}" for k in range(3, 9)]


def test_shared_messages_come_to_one_and_retained_ones_to_all(mosquitto_for, subscriber, publish):
    broker = mosquitto_for(LINES).start()
    publish(broker.port, "b/old", retain=True)
    both = [subscriber(broker.url, name, plain=["b/+"]) for name in ("one", "two")]
    publish(broker.port, *(f"a/{k}" for k in range(10)))
    taken = [heard(one, 6) for one in both]
    assert [(each[0].topic, each[0].retained) for each in taken] == [("b/old", True)] * 2
    assert sorted(topics(taken[0][1:] + taken[1][1:])) == [f"a/{k}" for k in range(10)]


def test_who_leaves_gets_what_is_held_for_it_and_no_more(mosquitto_for, subscriber, publish):
    broker = mosquitto_for(LINES).start()
    subscriber(broker.url).stop()
    publish(broker.port, "a/1")
    leaving = subscriber(broker.url, leave=True)
    publish(broker.port, "a/2")
    leaving.acknowledge(heard(leaving, 1))
    leaving.stop()
    assert subscriber(broker.url).take(9, 0.01) == []


def test_a_broker_that_starts_later_is_found(mosquitto_for, subscriber, publish):
    broker = mosquitto_for(LINES)
    one = subscriber(broker.url)
    assert not one.connected
    broker.start()
    eventually(lambda: one.connected)
    one.stop()


def test_a_broker_that_refuses_the_login_says_so_at_the_start(mosquitto_for, tmp_path, subscriber):
    (tmp_path / "passwords").write_text("")
    broker = mosquitto_for(f"allow_anonymous false\npassword_file {tmp_path / 'passwords'}").start()
    one = subscriber(broker.url, start=False)
    with pytest.raises(BrokerError, match="refuses us: not authorized; mend the address, the login"):
        one.start()


def test_a_broker_without_mqtt_5_gives_every_message_to_each(amqtt, subscriber, publish):
    both = [subscriber(f"mqtt://127.0.0.1:{amqtt}", name) for name in ("one", "two")]
    publish(amqtt, "a/1")
    for one in both:
        one.acknowledge(heard(one, 1))
