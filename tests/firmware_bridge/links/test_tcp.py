from __future__ import annotations

import asyncio
import socket

import pytest

from firmware_bridge.errors import LinkDown
from firmware_bridge.links import open_link, tcp


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def tried(text, then=None):
    async def run():
        link = open_link(text)
        try:
            await link.open()
            await then(link)
        finally:
            await link.close()

    asyncio.run(asyncio.wait_for(run(), 10))


def test_a_port_where_nobody_listens_is_down():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(LinkDown, match=f"tcp:127.0.0.1:{port} is refused: nobody listens at port {port} there"):
        tried(f"tcp:127.0.0.1:{port}")


def test_a_host_that_is_not_known_is_down_for_it_may_only_be_off(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(LinkDown, match=r"no host 'wrist\.local' is known: check its name and the network"):
        tried("tcp:wrist.local:7007")


def test_an_address_of_ipv6_is_written_in_brackets():
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")

    async def read(link):
        listening.accept()[0].close()
        with pytest.raises(LinkDown, match="closed by the other end"):
            await link.read()

    with listening:
        tried(f"tcp:[::1]:{listening.getsockname()[1]}", read)


def test_a_host_that_never_answers_is_not_waited_for_long(monkeypatch):
    async def silent(*_):
        await asyncio.sleep(3600)

    monkeypatch.setattr(tcp, "_PATIENCE_S", 0.02)
    monkeypatch.setattr(asyncio, "open_connection", silent)
    with pytest.raises(LinkDown, match=r"does not answer in 0\.02 s: is it switched on\?"):
        tried("tcp:192.0.2.1:7007")


def test_a_wearable_that_takes_nothing_is_neither_waited_for_nor_in_the_way(server, monkeypatch):
    monkeypatch.setattr(tcp, "_PATIENCE_S", 0.02)
    monkeypatch.setattr(tcp, "_FAREWELL_S", 0.02)

    async def write(link):
        with pytest.raises(LinkDown, match=r"takes no bytes for 0\.02 s"):
            await link.write(bytes(16_000_000))

    tried(f"tcp:127.0.0.1:{server.getsockname()[1]}", write)


def test_what_was_written_last_is_sent_before_it_closes(server):
    async def write(link):
        await link.write(b"stop")

    tried(f"tcp:127.0.0.1:{server.getsockname()[1]}", write)
    with server.accept()[0] as wearable:
        assert wearable.recv(10) == b"stop"
