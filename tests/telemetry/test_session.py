from __future__ import annotations

import datetime
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import Broker, broker_from
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.session import Presence, Session
from tests.brokers import eventually

QUICK = (0.02, 0.1)


@pytest.fixture
def open_session():
    sessions = []

    def make(url, **options):
        broker = url if isinstance(url, Broker) else broker_from(url)
        client_id = options.pop("client_id", f"test-{len(sessions)}")
        sessions.append(Session(broker, client_id, retry_s=QUICK, **options))
        return sessions[-1]

    yield make
    for session in sessions:
        session.stop()


def presence(topic):
    return Presence(topic, str.encode)


def test_birth_and_farewell_are_retained(mosquitto, open_session, listen):
    session = open_session(mosquitto.url, presence=presence("s1/state"))
    session.start()
    first = listen(mosquitto.port, "s1/#")
    eventually(lambda: first.payloads("state") == [b"online"])
    late = listen(mosquitto.port, "s1/#")
    eventually(lambda: late.heard == [("s1/state", b"online", True)])
    session.stop()
    assert not session.connected
    later = listen(mosquitto.port, "s1/#")
    eventually(lambda: later.heard == [("s1/state", b"stopped", True)])


def test_what_is_for_somebody_is_not_accepted_while_nobody_subscribes(mosquitto, open_session, listen):
    session, answers = open_session(mosquitto.url), []
    session.start()
    for message in (Message("s9/any", b"x"), Message("s9/one", b"x", for_somebody=True)):
        session.publish(message, answers.append)
    eventually(lambda: len(answers) == 2)
    listen(mosquitto.port, "s9/#")
    session.publish(Message("s9/one", b"x", for_somebody=True), answers.append)
    eventually(lambda: len(answers) == 3)
    assert answers == [True, False, True]


def test_killed_client_leaves_its_retained_will(mosquitto, listen):
    code = textwrap.dedent(f"""
        import threading
        from edgeguard.telemetry.broker import broker_from
        from edgeguard.telemetry.session import Presence, Session
        Session(broker_from("{mosquitto.url}"), "s2", presence=Presence("s2/state", str.encode)).start()
        threading.Event().wait()
    """)
    client = subprocess.Popen([sys.executable, "-c", code])
    listener = listen(mosquitto.port, "s2/#")
    eventually(lambda: listener.payloads("state") == [b"online"])
    os.kill(client.pid, signal.SIGKILL)
    client.wait()
    eventually(lambda: listener.payloads("state") == [b"online", b"offline"])
    late = listen(mosquitto.port, "s2/#")
    eventually(lambda: late.heard == [("s2/state", b"offline", True)])


def test_birth_comes_again_after_the_broker_was_killed(mosquitto_for, open_session, listen):
    broker = mosquitto_for().start()
    ups = []
    session = open_session(broker.url, presence=presence("s3/state"), on_connection=ups.append)
    session.start()
    broker.kill()
    eventually(lambda: ups == [True, False])
    broker.start()
    eventually(lambda: ups == [True, False, True])
    late = listen(broker.port, "s3/#")
    eventually(lambda: late.heard == [("s3/state", b"online", True)])


def test_unreachable_broker_is_no_error_and_is_found_later(mosquitto_for, open_session):
    broker = mosquitto_for()
    session = open_session(broker.url)
    session.start()
    assert not session.connected
    broker.start()
    eventually(lambda: session.connected)


def test_every_published_message_is_acknowledged_and_heard(mosquitto, open_session):
    heard, accepted = [], []
    session = open_session(mosquitto.url, subscriptions=["s4/#"], on_message=lambda *message: heard.append(message))
    session.start()
    for n in range(50):
        session.publish(Message("s4/n", b"%d" % n), accepted.append)
    eventually(lambda: len(heard) == len(accepted) == 50)
    assert heard == [("s4/n", b"%d" % n, False) for n in range(50)]
    assert all(accepted)


def test_message_thrown_away_by_the_broker_is_not_accepted(mosquitto_for, open_session, tmp_path):
    (tmp_path / "acl").write_text("topic read #\n")
    accepted = []
    session = open_session(mosquitto_for(f"acl_file {tmp_path / 'acl'}").start().url)
    session.start()
    session.publish(Message("denied", b"x"), accepted.append)
    eventually(lambda: accepted == [False])


def test_retained_message_is_told_from_a_fresh_one(mosquitto, open_session):
    heard = []
    first = open_session(mosquitto.url)
    first.start()
    first.publish(Message("s7/n", b"kept", retain=True))
    options = {"subscriptions": ["s7/#"], "on_message": lambda *message: heard.append(message)}
    open_session(mosquitto.url, **options).start()
    eventually(lambda: heard == [("s7/n", b"kept", True)])
    first.publish(Message("s7/n", b"fresh", retain=True))
    eventually(lambda: heard[1:] == [("s7/n", b"fresh", False)])


def test_subscription_is_made_again_after_the_broker_was_killed(mosquitto_for, open_session):
    broker, heard, ups = mosquitto_for().start(), [], []
    options = {"subscriptions": ["s8/n"], "on_message": lambda *message: heard.append(message)}
    session = open_session(broker.url, on_connection=ups.append, **options)
    session.start()
    broker.kill()
    broker.start()
    eventually(lambda: ups == [True, False, True])
    session.publish(Message("s8/n", b"1"))
    eventually(lambda: heard == [("s8/n", b"1", False)])


def packet(connection):
    """One short MQTT packet: its first byte and the rest."""
    first, length = connection.recv(2, socket.MSG_WAITALL)
    return first, connection.recv(length, socket.MSG_WAITALL) if length else b""


def test_no_more_is_in_flight_than_the_broker_takes(open_session):
    accepted = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        session = open_session(f"mqtt://127.0.0.1:{server.getsockname()[1]}")
        threading.Thread(target=session.start).start()
        broker, _ = server.accept()
        with broker:
            packet(broker)
            broker.sendall(b"\x20\x06\x00\x00\x03\x21\x00\x02")  # CONNACK of MQTT 5: receive maximum 2
            eventually(lambda: session.connected)
            for n in range(5):
                session.publish(Message("t", b"%d" % n), accepted.append)
            for n in range(5):
                waiting = [packet(broker)[1] for _ in range(2 if n == 0 else n < 4)]
                broker.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    packet(broker)
                broker.settimeout(None)
                broker.sendall(b"\x40\x02\x00" + bytes([n + 1]))  # PUBACK
                assert waiting == [] or waiting[-1].endswith(b"%d" % (n + 1))
            eventually(lambda: accepted == [True] * 5)


def test_renewed_session_has_a_new_birth_and_a_new_will_and_the_old_will_is_not_published(
    mosquitto, open_session, listen
):
    facts, ups = ["old"], []
    said = Presence("s10/state", lambda status: f"{status} {facts[0]}".encode())
    session = open_session(mosquitto.url, presence=said, on_connection=ups.append)
    session.start()
    ears = listen(mosquitto.port, "s10/#")
    eventually(lambda: ears.payloads("state") == [b"online old"])
    facts[0] = "new"
    session.renew()
    eventually(lambda: ups == [True, False, True])
    intruder = open_session(mosquitto.url, client_id="test-0")
    intruder.start()  # the same client id: the broker ends the other one, and publishes its will
    eventually(lambda: b"offline new" in ears.payloads("state"))
    assert ears.payloads("state")[:3] == [b"online old", b"online new", b"offline new"]


def test_a_callback_that_fails_is_logged_and_the_session_goes_on(mosquitto, open_session, caplog):
    heard = []

    def on_message(*message):
        heard.append(message)
        if len(heard) == 1:
            raise ZeroDivisionError

    ups = []
    session = open_session(mosquitto.url, subscriptions=["s11/n"], on_message=on_message, on_connection=ups.append)
    session.start()
    session.publish(Message("s11/n", b"1"))
    eventually(lambda: ups == [True, False, True])
    session.publish(Message("s11/n", b"2"))
    eventually(lambda: len(heard) == 2)
    assert "ZeroDivisionError" in caplog.text


@pytest.fixture(scope="module")
def guarded(mosquitto_for, tmp_path_factory):
    passwords = tmp_path_factory.mktemp("login") / "passwords"
    passwords.write_text("alice:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
    return mosquitto_for(f"password_file {passwords}").start()


def test_right_password_is_let_in(guarded, open_session):
    session = open_session(Broker("127.0.0.1", guarded.port, username="alice", password="secret"))
    session.start()
    assert session.connected


@pytest.mark.parametrize(("username", "password"), [("alice", "wrong-secret"), (None, None)])
def test_refused_login_is_one_line_without_the_password(guarded, open_session, username, password):
    session = open_session(Broker("127.0.0.1", guarded.port, username=username, password=password))
    with pytest.raises(BrokerError, match=r"^the broker mqtt://127.* refuses us: not authorized; mend .*$") as error:
        session.start()
    assert "wrong-secret" not in str(error.value)


def test_login_refused_later_is_tried_again(mosquitto_for, open_session, tmp_path, caplog):
    broker = mosquitto_for().start()
    session = open_session(broker.url)
    session.start()
    opened = broker.config.read_text()
    broker.kill()
    broker.config.write_text(opened.replace("allow_anonymous true", "allow_anonymous false"))
    broker.start()
    eventually(lambda: "refuses us: not authorized; trying again" in caplog.text)
    broker.kill()
    broker.config.write_text(opened)
    broker.start()
    eventually(lambda: session.connected)


USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def certificate(name, issuer=None, *, address="127.0.0.9"):
    """A key and a certificate for `name`, signed by `issuer` (key, certificate) or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuing_key = issuer[0] if issuer else key
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = dict.fromkeys(USAGES, False) | {"digital_signature": True, "key_cert_sign": issuer is None}
    extensions = [
        x509.BasicConstraints(ca=issuer is None, path_length=None),
        x509.KeyUsage(**usage),
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key.public_key()),
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
    ]
    builder = x509.CertificateBuilder(
        issuer_name=issuer[1].subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(days=1),
        not_valid_after=now + datetime.timedelta(days=1),
        extensions=[x509.Extension(e.oid, isinstance(e, x509.BasicConstraints), e) for e in extensions],
    )
    return key, builder.sign(issuing_key, hashes.SHA256())


def write_pem(folder, name, pair):
    key, cert = pair
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / f"{name}.key").write_bytes(pem)
    (folder / f"{name}.crt").write_bytes(cert.public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="module")
def tls(mosquitto_for, tmp_path_factory):
    """A folder of certificates, and a Mosquitto that shows one of them and asks for a client's."""
    folder = tmp_path_factory.mktemp("tls")
    authority = certificate("our authority")
    write_pem(folder, "ca", authority)
    write_pem(folder, "other-ca", certificate("another authority"))
    write_pem(folder, "broker", certificate("broker", authority, address="127.0.0.1"))
    write_pem(folder, "elsewhere", certificate("broker", authority, address="127.0.0.2"))
    write_pem(folder, "device", certificate("device", authority))
    return folder, lambda shown: mosquitto_for(
        f"cafile {folder}/ca.crt\ncertfile {folder}/{shown}.crt\nkeyfile {folder}/{shown}.key\n"
        "require_certificate true\nuse_identity_as_username true"
    ).start()


def over_tls(url, folder, authority="ca"):
    files = {"cert_file": folder / "device.crt", "key_file": folder / "device.key"}
    return broker_from(url, ca_file=folder / f"{authority}.crt", **files)


def test_tls_with_certificates_on_both_sides(tls, open_session):
    folder, broker = tls
    session = open_session(over_tls(broker("broker").url, folder))
    session.start()
    assert session.connected


@pytest.mark.parametrize(
    ("shown", "authority", "reason"),
    [("broker", "other-ca", "certificate in certificate chain"), ("elsewhere", "ca", "IP address mismatch")],
)
def test_broker_with_a_wrong_certificate_is_refused(tls, open_session, shown, authority, reason):
    folder, broker = tls
    session = open_session(over_tls(broker(shown).url, folder, authority))
    with pytest.raises(BrokerError, match=f"its certificate is not valid here: .*{reason}"):
        session.start()


def test_broker_without_mqtt_5_is_spoken_to_in_3_1_1(amqtt, open_session):
    heard, accepted = [], []
    options = {"subscriptions": ["s6/#"], "on_message": lambda *message: heard.append(message)}
    session = open_session(f"mqtt://127.0.0.1:{amqtt}", presence=presence("s6/state"), **options)
    session.start()
    assert session.connected
    session.publish(Message("s6/n", b"1"), accepted.append)
    eventually(lambda: accepted == [True] and ("s6/n", b"1", False) in heard)
    assert ("s6/state", b"online", False) in heard


def test_server_that_closes_at_once_is_tried_again(open_session, caplog):
    with socket.create_server(("127.0.0.1", 0)) as server:
        calls = []

        def hang_up():
            for _ in range(4):
                server.accept()[0].close()
                calls.append(1)

        thread = threading.Thread(target=hang_up)
        thread.start()
        session = open_session(f"mqtt://127.0.0.1:{server.getsockname()[1]}")
        session.start()
        eventually(lambda: len(calls) == 4)
        thread.join()
    assert "does not let us in" in caplog.text


def test_server_that_never_answers_is_given_up(open_session, monkeypatch, caplog):
    monkeypatch.setattr("edgeguard.telemetry.session._ANSWER_S", (0.05, 0.1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_session(f"mqtt://127.0.0.1:{server.getsockname()[1]}").start()
        eventually(lambda: "does not let us in: no answer; trying again" in caplog.text)


def test_stop_is_harmless_when_never_started_and_when_called_twice(mosquitto, open_session):
    open_session(mosquitto.url).stop()
    session = open_session(mosquitto.url)
    session.start()
    session.stop()
    session.stop()
