"""What a check says of a wearable that cannot be used; each finding is one line that says what to do."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import threading
from contextlib import suppress

import pytest

from edgeguard.device.check import check
from edgeguard.device.config import BundleConfig, DeviceConfig, SourceConfig
from firmware_bridge.simulator.plugged import simple_hello
from firmware_bridge.wire import encode, framed
from tests.tiny_model import write_tiny_bundle

HELLO = encode(simple_hello("chest-1", channels=("I", "II")))


def hello_with(rate_mhz=250_000, channels=2, version=1):
    """A hello that no firmware of ours would send, with a right CRC."""
    head = struct.pack("<BBHHI", version, 1, 7, 0, 0)
    groups = struct.pack("<Bf", 2, 1.0) + b"\2mV"
    return framed(head + b"\2w1\0031.0" + struct.pack("<IBH", rate_mhz, 2, channels) + groups + b"\1I\2II")


@pytest.fixture
def found(tmp_path):
    """What is found of one source, of a model that takes I and II in mV."""
    write_tiny_bundle(tmp_path / "tiny.zip")

    def look(spec):
        bundle = BundleConfig(path=str(tmp_path / "tiny.zip"))
        config = DeviceConfig(bundle=bundle, source=(SourceConfig(name="s", spec=spec),))
        return next((one.kind, one.text) for one in check(config) if one.about == "source s")

    return look


@pytest.fixture
def sending():
    """A TCP port that sends the same again and again to whoever comes, and never listens."""
    servers, done = [], threading.Event()

    def serve(sent):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=send, args=(server, sent), daemon=True).start()
        return f"tcp:127.0.0.1:{server.getsockname()[1]}"

    def send(server, sent):
        link, _ = server.accept()
        with link, suppress(OSError):
            while not done.wait(0.1):
                link.sendall(sent)

    yield serve
    done.set()
    for server in servers:
        server.close()


@pytest.fixture
def held_port():
    """The path of a serial port that is locked."""
    ours, theirs = os.openpty()
    fcntl.flock(theirs, fcntl.LOCK_EX)
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (hello_with(version=2), "version 2"),
        (hello_with(channels=10_000), "10000 channels"),
        (hello_with(rate_mhz=0), "rate of 0"),
        (encode(simple_hello("chest-1", channels=("III", "V1"))), "has no channel 'I' (there are: III, V1)"),
        (encode(simple_hello("chest-1", channels=("I", "II"), unit="bpm")), "is in 'bpm', not in the model's 'mV'"),
        (encode(simple_hello("chest-1", channels=("I", "II"))), "does not answer when told 6 times to start"),
    ],
    ids=["future", "10000 channels", "rate 0", "channels", "unit", "deaf"],
)
def test_what_no_waiting_mends_is_wrong(found, sending, sent, text, monkeypatch):
    monkeypatch.setattr("firmware_bridge.client.ANSWER_S", 0.05)
    kind, said = found(sending(sent))
    assert (kind, text in said) == ("wrong", True), said


@pytest.mark.parametrize("sent", [b"", b"U-Boot 2024.01 (Jan 01 2024)\r\n"])
def test_one_that_sends_no_frame_is_waited_for(found, sending, sent, monkeypatch):
    monkeypatch.setattr("firmware_bridge.client.ANSWER_S", 0.05)
    kind, said = found(sending(sent))
    assert (kind, "is silent: is the wearable switched on?" in said) == ("note", True), said


def test_another_wearable_is_wrong(found, sending):
    kind, said = found(sending(HELLO) + ",device=chest-2")
    assert (kind, "chest-1" in said, "chest-2" in said) == ("wrong", True, True)


def test_a_port_that_is_not_there_is_waited_for(found, tmp_path):
    kind, said = found(f"serial:{tmp_path}/ttyACM0")
    assert (kind, "there is no serial port" in said, "tries again" in said) == ("note", True, True)


def test_nobody_at_a_tcp_port_is_waited_for(found):
    assert found("tcp:127.0.0.1:1")[0] == "note"


def test_a_port_that_another_program_holds_is_wrong(found, held_port):
    kind, said = found(f"serial:{held_port}")
    assert (kind, "is held by" in said) == ("wrong", True), said


def test_a_word_that_is_no_link_is_wrong(found):
    assert found("tcp:nowhere")[0] == "wrong"
