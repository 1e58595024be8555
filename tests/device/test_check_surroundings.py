from __future__ import annotations

import shutil
import socket
from collections import namedtuple

import pytest

from edgeguard.device.check_surroundings import check_surroundings
from edgeguard.device.config import Device, DeviceConfig, Log, Metrics, Raw, Spool
from edgeguard.telemetry.broker import BrokerConfig

Usage = namedtuple("Usage", "total used free")


def found(newer_than_utc="", **tables):
    config = DeviceConfig(**{"device": Device(id="d", fleet="f"), **tables})
    return {finding.about: (finding.kind, finding.text) for finding in check_surroundings(config, newer_than_utc)}


def test_nothing_is_tried_that_is_not_configured():
    assert found().keys() == {"broker", "clock"}
    assert found()["broker"] == ("note", "none: no message is sent")


def test_folders_are_tried_and_nothing_is_left_behind(tmp_path):
    place = tmp_path / "not" / "yet"
    answers = found(
        log=Log(file=str(place / "log"), max_mb=1),
        raw=Raw(folder=str(place), max_mb=1),
        spool=Spool(folder=str(place), max_mb=1),
        broker=BrokerConfig(url="mqtt://127.0.0.1:1"),
    )
    for about in ("log", "raw windows", "spool"):
        kind, text = answers[about]
        assert (kind, text.startswith(f"{place}"), text.endswith("MB are free")) == ("ok", True, True)
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 5_000_000, 5_000_000))
    assert found(raw=Raw(folder=str(tmp_path), max_mb=64))["raw windows"] == (
        "note",
        f"{tmp_path}, at most 64 MB, 5 MB are free",
    )


def test_places_that_cannot_be_written_are_wrong(tmp_path):
    (tmp_path / "file").touch()
    inside = tmp_path / "file" / "folder"
    kind, text = found(raw=Raw(folder=str(inside)))["raw windows"]
    assert (kind, text) == (
        "wrong",
        f"{tmp_path / 'file'} cannot be written (Not a directory): mend it or choose another place",
    )
    assert found(log=Log(file=str(tmp_path)))["log"] == ("wrong", f"{tmp_path} cannot be written: choose another file")


def test_broker_that_lets_us_in(mosquitto):
    kind, text = found(broker=BrokerConfig(url=mosquitto.url))["broker"]
    assert (kind, text) == ("ok", f"{mosquitto.url} lets us in; we are f/d")


def test_device_that_runs_is_not_thrown_out(mosquitto, listen):
    ears = listen(mosquitto.port, "edgeguard/#")
    found(broker=BrokerConfig(url=mosquitto.url))
    assert ears.heard == []
    assert ears.client.is_connected()


def test_broker_that_refuses_us_is_wrong(mosquitto_for):
    kind, text = found(broker=BrokerConfig(url=mosquitto_for("allow_anonymous false").start().url))["broker"]
    assert (kind, "not authorized" in text) == ("wrong", True)


@pytest.mark.parametrize(
    ("url", "kind", "text"),
    [
        ("mqtt://127.0.0.1:1", "note", "mqtt://127.0.0.1:1 cannot be reached now (Connection refused)"),
        ("localhost", "wrong", "'localhost' is not the address of a broker"),
    ],
)
def test_broker_that_is_not_there(url, kind, text):
    found_kind, found_text = found(broker=BrokerConfig(url=url))["broker"]
    assert (found_kind, found_text[: len(text)]) == (kind, text)


def test_device_id_that_fits_no_topic():
    assert found(device=Device(id="a/b"))["broker"][0] == "wrong"


def test_port_for_metrics():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert found(metrics=Metrics(port=port))["metrics"] == (
            "wrong",
            f"port {port} is taken (Address already in use): choose another metrics.port",
        )
    assert found(metrics=Metrics(port=port))["metrics"] == ("ok", f"http://127.0.0.1:{port}/metrics")


def test_clock_that_is_before_the_bundle_is_noted():
    assert found("2025-01-01T00:00:00Z")["clock"][0] == "ok"
    kind, text = found("9999-01-01T00:00:00Z")["clock"]
    assert (kind, text.split(", ")[1]) == ("note", "but the bundle was made on 9999-01-01: set the clock")
