from __future__ import annotations

import re
import subprocess
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from edgeguard.fleet.config import Ingest
from edgeguard.telemetry.broker import Broker, broker_from
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.session import Session
from edgeguard.telemetry.topics import KINDS, Address, subscription
from tests.brokers import eventually, free_port, mosquitto_for  # noqa: F401 - fixtures

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "fleet"
PASSWORDS = {"fleet": "1", "bed-1": "2", "simulator": "3"}


@pytest.fixture(scope="module")
def broker(mosquitto_for, tmp_path_factory):  # noqa: F811 - the fixture
    """The shipped configuration, moved to free ports and a folder of its own, with the login for load tests."""
    folder = tmp_path_factory.mktemp("etc") / "mosquitto"
    folder.mkdir()
    rules = (DEPLOY / "access").read_text()
    (folder / "access").write_text(rules.replace("#user simulator\n#", "user simulator\n"))
    (folder / "passwords").write_text("".join(f"{name}:{word}\n" for name, word in PASSWORDS.items()))
    subprocess.run(["mosquitto_passwd", "-U", folder / "passwords"], check=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=b",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "broker.key", "-out", folder / "broker.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    lines = (DEPLOY / "mosquitto.conf").read_text()
    secure = free_port()
    for port, moved in (("8883", secure), ("1883", free_port())):
        assert lines.count(f"\nlistener {port}\n") == 1
        lines = lines.replace(f"\nlistener {port}\n", f"\nlistener {moved} 127.0.0.1\n")
    made = mosquitto_for(lines.replace("/etc/mosquitto", str(folder)).replace("/var/lib/mosquitto", str(folder)))
    made.secure_port, made.certificate = secure, folder / "broker.crt"
    return made.start()


@pytest.fixture
def session(broker):
    """A session of a user."""
    sessions = []

    def make(user, **options):
        login = Broker("127.0.0.1", broker.port, username=user, password=PASSWORDS[user])
        sessions.append(Session(login, f"{user}-{len(sessions)}", **options))
        sessions[-1].start()
        return sessions[-1]

    yield make
    for made in sessions:
        made.stop()


def accepted(session, topic):
    answers = []
    session.publish(Message(topic, b"x"), answers.append)
    return eventually(lambda: answers)[0]


def test_workers_divide_what_comes_and_none_gets_what_another_got(session):
    heard = [], []
    for worker in heard:
        session("fleet", subscriptions=[f"$share/edgeguard/{subscription('alert')}"], on_message=partial(keep, worker))
    device, numbers, topic = session("bed-1"), count(), Address("ward", "bed-1").topic("alert")

    def both_have_some():
        device.publish(Message(topic, b"%d" % next(numbers)))
        return min(map(len, heard)) > 5

    eventually(both_have_some)
    assert len(set(heard[0] + heard[1])) == len(heard[0] + heard[1])


def keep(heard, _topic, payload, _retained):
    heard.append(payload)


def test_devices_come_in_by_tls(broker):
    url = f"mqtts://127.0.0.1:{broker.secure_port}"
    (broker.certificate.parent / "word").write_text("2")
    login = broker_from(
        url, username="bed-1", password_file=broker.certificate.parent / "word", ca_file=broker.certificate
    )
    device = Session(login, "bed-1@ward")
    device.start()
    try:
        assert accepted(device, Address("ward", "bed-1").topic("state"))
    finally:
        device.stop()


def test_each_login_writes_what_is_its_own(session):
    bed, other = Address("ward", "bed-1"), Address("simulated", "sim-1")
    may = {user: {kind for kind in KINDS if accepted(session(user), bed.topic(kind))} for user in PASSWORDS}
    assert may == {"fleet": {"cmd"}, "bed-1": set(KINDS) - {"cmd"}, "simulator": set()}
    assert all(accepted(session("simulator"), other.topic(kind)) for kind in ("state", "telemetry", "alert"))
    assert not accepted(session("bed-1"), other.topic("state"))


def test_more_is_on_its_way_to_a_worker_than_a_batch_holds():
    limit = re.search(r"^max_inflight_messages (\d+)$", (DEPLOY / "mosquitto.conf").read_text(), re.MULTILINE)
    assert int(limit[1]) >= 2 * Ingest().batch
