from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.session import Session
from edgeguard.telemetry.topics import KINDS, Address, subscription
from tests.brokers import eventually, mosquitto_for  # noqa: F401 - fixtures

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "mosquitto"


@pytest.fixture(scope="module")
def broker(mosquitto_for, tmp_path_factory):  # noqa: F811 - the fixture
    """The shipped configuration, moved to a free port and a folder of its own."""
    folder = tmp_path_factory.mktemp("etc") / "mosquitto"
    folder.mkdir()
    (folder / "access").write_text((DEPLOY / "access").read_text())
    (folder / "passwords").write_text("fleet:1\nbed-1:2\n")
    subprocess.run(["mosquitto_passwd", "-U", folder / "passwords"], check=True)
    lines = (DEPLOY / "mosquitto.conf").read_text().replace("listener 1883 127.0.0.1", "")
    return mosquitto_for(
        lines.replace("/etc/mosquitto", str(folder)).replace("/var/lib/mosquitto", str(folder))
    ).start()


@pytest.fixture
def accepted(broker):
    """Whether the broker takes a message on a topic from a user."""
    sessions = {}

    def ask(user, topic):
        if user not in sessions:
            password = {"fleet": "1", "bed-1": "2"}[user]
            sessions[user] = Session(Broker("127.0.0.1", broker.port, username=user, password=password), user)
            sessions[user].start()
        answers = []
        sessions[user].publish(Message(topic, b"x"), answers.append)
        return eventually(lambda: answers)[0]

    yield ask
    for session in sessions.values():
        session.stop()


def test_device_writes_its_own_messages_and_nothing_else(accepted):
    own, other = Address("ward", "bed-1"), Address("ward", "bed-2")
    assert {kind: accepted("bed-1", own.topic(kind)) for kind in KINDS} == dict.fromkeys(KINDS, True) | {"cmd": False}
    assert not any(accepted("bed-1", other.topic(kind)) for kind in KINDS)


@pytest.fixture
def heard_by(broker):
    """The topics of the commands that a device hears which asks for those of all devices."""
    heard = []
    options = {"subscriptions": [subscription("cmd")], "on_message": lambda topic, *_: heard.append(topic)}
    session = Session(Broker("127.0.0.1", broker.port, username="bed-1", password="2"), "ear", **options)
    session.start()
    yield heard
    session.stop()


def test_device_hears_its_own_commands_and_no_others(accepted, heard_by):
    own, other = Address("ward", "bed-1").topic("cmd"), Address("ward", "bed-2").topic("cmd")
    assert accepted("fleet", other)
    assert accepted("fleet", own)
    eventually(lambda: heard_by)
    assert heard_by == [own]


def test_fleet_writes_commands_only(accepted):
    bed = Address("ward", "bed-1")
    assert [kind for kind in KINDS if accepted("fleet", bed.topic(kind))] == ["cmd"]
