from __future__ import annotations

import os
import socket
import sys
import time

import pytest

from edgeguard.device.systemd import Notifier


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path):
    """The end of the socket at which systemd listens, and its name in the environment."""
    if request.param == "abstract" and sys.platform != "linux":
        pytest.skip("abstract sockets are Linux's")
    name = str(tmp_path / "notify") if request.param == "path" else f"@edgeguard-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0"))
        listening.settimeout(5)
        yield listening, name


def test_what_is_told_arrives(systemd):
    listening, name = systemd
    notifier = Notifier({"NOTIFY_SOCKET": name})
    for tell in (notifier.ready, notifier.alive, notifier.stopping):
        tell()
    notifier.status("2 sources,\nalarm in é")
    assert [listening.recv(200).decode() for _ in range(4)] == [
        "READY=1",
        "WATCHDOG=1",
        "STOPPING=1",
        "STATUS=2 sources, alarm in é",
    ]
    notifier.close()
    notifier.close()
    notifier.alive()


def test_reload_bears_the_monotonic_time(systemd):
    listening, name = systemd
    before = time.monotonic_ns() // 1000
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.reloading()
    first, second = listening.recv(200).decode().splitlines()
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    notifier.close()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_watchdog_is_fed_twice_an_interval(environment, seconds):
    notifier = Notifier({"NOTIFY_SOCKET": "/nowhere", **environment})
    assert notifier.watchdog_s == seconds
    notifier.close()


@pytest.mark.parametrize("address", [None, "", "vsock:2:1", "/nowhere/at/all", "/" + "x" * 300])
def test_without_a_living_socket_nothing_happens(address):
    notifier = Notifier({} if address is None else {"NOTIFY_SOCKET": address})
    notifier.ready()
    notifier.status("nobody hears this")
    notifier.close()


def test_full_socket_does_not_block(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "s"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "s")})
        for _ in range(5000):
            notifier.alive()
        listening.setblocking(False)
        assert listening.recv(100) == b"WATCHDOG=1"
        notifier.close()
