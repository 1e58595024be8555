"""Real brokers for the session's tests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.brokers import free_port, gate_to, listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures

AMQTT = """
import asyncio, sys
from amqtt.broker import Broker
config = {
    "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:" + sys.argv[1]}},
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
}
async def serve():
    broker = Broker(config)
    await broker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(serve())
"""


@pytest.fixture
def amqtt():
    """The embedded broker, which speaks MQTT 3.1.1 only; its port."""
    port = free_port()
    command = [sys.executable, "-c", AMQTT, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == b"ready\n"
        yield port
        process.kill()
