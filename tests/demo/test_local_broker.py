from __future__ import annotations

import asyncio
import gc
import shutil
import socket
import sys

import pytest

from edgeguard.demo import local_broker as module
from edgeguard.demo.local_broker import local_broker
from edgeguard.errors import BrokerError, MissingExtra
from tests.brokers import eventually


def port_of(url):
    return int(url.rpartition(":")[2])


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=["Mosquitto", "amqtt"])
def kind(request, monkeypatch, mosquitto_for):
    """Either broker; amqtt is taken where no Mosquitto is found."""
    if request.param == "amqtt":
        pytest.importorskip("amqtt")
        monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    return request.param


def test_the_broker_carries_a_message_and_ends_with_the_block(kind, listen):
    with local_broker() as (name, url):
        assert name == kind
        ears = listen(port_of(url), "t/#")
        ears.client.publish("t/1", b"beat", qos=1).wait_for_publish(5)
        eventually(lambda: ears.payloads("t/1") == [b"beat"])
    eventually(lambda: not listens(port_of(url)))


def test_a_given_port_is_used_and_one_in_use_is_refused(kind):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} is in use"), local_broker(port):
            pass
    with local_broker(port) as (_, url):
        assert port_of(url) == port


def test_a_mosquitto_that_ends_at_once_is_one_line(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: "/bin/false")
    with pytest.raises(BrokerError, match=r"did not start on port \d+: choose another"), local_broker():
        pass


def test_an_amqtt_whose_port_was_taken_meanwhile_is_one_line(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(module, "_free_port", lambda _: port)
        with pytest.raises(BrokerError, match=f"did not start on port {port}"), local_broker(port):
            pass


def test_without_any_broker_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    with pytest.raises(MissingExtra, match=r"amqtt \(or Mosquitto\) .*edgeguard\[demo\]"), local_broker():
        pass


def test_an_amqtt_that_will_not_shut_down_leaves_no_socket(monkeypatch, listen):
    broker = pytest.importorskip("amqtt.broker")

    async def shutdown(_self):
        await asyncio.sleep(60)

    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(broker.Broker, "shutdown", shutdown)
    monkeypatch.setattr(module, "_END_S", 0.2)
    with local_broker() as (_, url):
        listen(port_of(url), "t/#")
    gc.collect()  # a socket that was left open is told of now, and fails the test
    assert not listens(port_of(url))
