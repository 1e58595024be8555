from __future__ import annotations

import ssl

import pytest

from edgeguard.errors import ConfigError
from edgeguard.telemetry.broker import Broker, broker_from


@pytest.fixture(autouse=True)
def _no_password(monkeypatch):
    monkeypatch.delenv("EDGEGUARD_MQTT_PASSWORD", raising=False)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [("mqtt://host", "host", 1883), ("mqtts://host/", "host", 8883), ("mqtt://[::1]:1884", "::1", 1884)],
)
def test_address(url, host, port):
    broker = broker_from(url)
    assert (broker.host, broker.port) == (host, port)


def test_tls_verifies_the_name_and_the_certificate():
    context = broker_from("mqtts://host").tls
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert broker_from("mqtt://host").tls is None


@pytest.mark.parametrize(
    "url", ["host:1883", "http://host", "mqtt://", "mqtt://h:x", "mqtt://h:0", "mqtt://h/t", "mqtt://[h"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ConfigError, match=r"is not the address of a broker: write mqtt://host:port"):
        broker_from(url)


@pytest.mark.parametrize("url", ["mqtt://user:hunter2@host", "mqtts://:hunter2@host:1", "mqtt://hunter2@["])
def test_password_in_the_url_is_refused_and_not_repeated(url):
    with pytest.raises(ConfigError, match=r"broker\.password_file or the variable EDGEGUARD_MQTT_PASSWORD") as error:
        broker_from(url)
    assert "hunter2" not in str(error.value)


def test_password_comes_from_the_file_before_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEGUARD_MQTT_PASSWORD", "from variable")
    assert broker_from("mqtt://h", username="u").password == "from variable"
    (tmp_path / "password").write_text("from file\n")
    assert broker_from("mqtt://h", username="u", password_file=tmp_path / "password").password == "from file"


def test_password_does_not_show():
    broker = Broker("h", 1, username="u", password="hunter2")
    assert "hunter2" not in repr(broker) + str(broker)


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("mqtt://h", {"ca_file": "ca.pem"}, "ca_file is for TLS"),
        ("mqtts://h", {"ca_file": "missing"}, "there is no file .*missing"),
        ("mqtts://h", {"ca_file": "ca.pem"}, "cannot be used"),
        ("mqtts://h", {"key_file": "ca.pem"}, "key_file needs broker.cert_file"),
        ("mqtts://h", {"cert_file": "ca.pem"}, "cannot be used"),
        ("mqtt://h", {"username": "u", "password_file": "missing"}, "password_file .*missing cannot be read: No such"),
        ("mqtt://h", {"password_file": "ca.pem"}, "a broker password but no username"),
    ],
)
def test_wrong_options_are_one_line(tmp_path, url, options, message):
    (tmp_path / "ca.pem").write_text("no certificate")
    files = {name: tmp_path / value if name.endswith("file") else value for name, value in options.items()}
    with pytest.raises(ConfigError, match=message):
        broker_from(url, **files)
