from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest

from benchmarks.faults.proxy import Proxy


@pytest.fixture
def echo():
    """A port that sends back whatever comes."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(link):
        with link, suppress(OSError):
            while block := link.recv(4096):
                link.sendall(block)

    def serve():
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def proxy(echo):
    proxy = Proxy(echo)
    yield proxy
    proxy.close()


def connect(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=20)


def everything_from(link):
    blocks = []
    with suppress(ConnectionError):
        while block := link.recv(4096):
            blocks.append(block)
    return b"".join(blocks)


def test_bytes_go_both_ways(proxy):
    with connect(proxy) as link:
        link.sendall(b"hello")
        assert link.recv(5) == b"hello"
    assert proxy.carried == {"up": 5, "down": 5}


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_connection_is_cut_after_the_very_byte(proxy, direction):
    proxy.cut_after(7, direction)
    with connect(proxy) as link:
        link.sendall(b"0123456789")
        assert everything_from(link) in (b"", b"0123456")  # what is on its way may go with the reset
    assert proxy.carried[direction] == 7
    assert proxy.cuts == 1
    with connect(proxy) as link:
        link.sendall(b"0123456789")
        assert link.recv(10) == b"0123456789"


def test_a_stall_holds_everything_back_and_loses_nothing(proxy):
    with connect(proxy) as link:
        proxy.stall()
        link.sendall(b"late")
        link.settimeout(0.1)
        with pytest.raises(TimeoutError):
            link.recv(4)
        proxy.flow()
        link.settimeout(2)
        assert link.recv(4) == b"late"


def test_a_drop_accepts_and_hangs_up(proxy):
    proxy.drop()
    with connect(proxy) as link:
        assert everything_from(link) == b""
    proxy.flow()
    with connect(proxy) as link:
        link.sendall(b"x")
        assert link.recv(1) == b"x"


def test_a_refusal_ends_with_accept(proxy):
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.accept()
    with connect(proxy) as link:
        link.sendall(b"x")
        assert link.recv(1) == b"x"
