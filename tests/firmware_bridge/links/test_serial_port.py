from __future__ import annotations

import asyncio
import errno
import grp
import os
import pty
import termios
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.links import open_link, port_errors, serial_port


@pytest.fixture
def port():
    """The master's number and the path of a pty that lives as long as the test."""
    master, slave = pty.openpty()
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    os.close(master)


def opened(text, then):
    """What `then` makes of a link while it is open."""

    async def run():
        link = open_link(text)
        await link.open()
        try:
            return await then(link)
        finally:
            await link.close()

    return asyncio.run(asyncio.wait_for(run(), 10))


async def nothing(link):
    pass


def test_a_second_program_is_refused_until_the_first_has_closed(port):
    text = f"serial:{port[1]}"

    async def open_it_again(link):
        with pytest.raises(LinkRefused, match="is held by this program already: name each port once"):
            await open_link(text).open()

    opened(text, open_it_again)
    opened(text, nothing)


def test_a_port_that_is_not_there_comes_with_those_that_are(monkeypatch, tmp_path):
    class Port:
        device = "/dev/ttyACM7"

    monkeypatch.setattr(serial_port.list_ports, "comports", lambda: [Port])
    with pytest.raises(LinkDown, match=r"there is no serial port .*/nix: there are /dev/ttyACM7"):
        opened(f"serial:{tmp_path}/nix", nothing)


@contextmanager
def as_nobody():
    """Act as a user who may not do everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


def test_a_port_that_may_not_be_opened_says_which_group_may(port, monkeypatch):
    monkeypatch.setattr(port_errors, "_SETTLING_S", -1.0)
    status = Path(port[1]).stat()
    group = grp.getgrgid(status.st_gid) if status.st_gid else grp.getgrnam("tty")
    os.chown(port[1], -1, group.gr_gid)
    Path(port[1]).chmod(0o060)
    with as_nobody(), pytest.raises(LinkRefused, match=f"join its group with sudo usermod -aG {group.gr_name} "):
        opened(f"serial:{port[1]}", nothing)


@pytest.mark.parametrize("error", [OSError(errno.EIO, "as it was unplugged"), termios.error(errno.EIO, "the same")])
def test_a_port_that_vanishes_while_it_is_set_up_is_down(port, monkeypatch, error):
    def flush(*_):
        raise error

    monkeypatch.setattr(termios, "tcflush", flush)
    with pytest.raises(LinkDown, match=r"cannot be opened \(Input/output error\): plug the wearable in again"):
        opened(f"serial:{port[1]}", nothing)


def test_what_came_before_it_was_opened_is_not_read(port):
    async def read(link):
        os.write(port[0], b"new")
        return await link.read()

    os.write(port[0], b"old")
    assert opened(f"serial:{port[1]}", read) == b"new"


def test_a_name_that_leads_elsewhere_now_is_followed(port, tmp_path):
    name = tmp_path / "usb-wearable"
    name.symlink_to(port[1])
    opened(f"serial:{name}", nothing)
    master, slave = pty.openpty()
    name.unlink()
    name.symlink_to(os.ttyname(slave))

    async def read(link):
        os.write(master, b"here")
        return await link.read()

    assert opened(f"serial:{name}", read) == b"here"
    os.close(slave)
    os.close(master)


def test_reading_nothing_where_something_was_announced_is_the_end(port, monkeypatch):
    async def read(link):
        os.write(port[0], b"x")
        monkeypatch.setattr(serial_port.os, "read", lambda *_: b"")  # as macOS and real ports do
        with pytest.raises(LinkDown, match="has vanished: plug the wearable in again"):
            await link.read()

    opened(f"serial:{port[1]}", read)


def test_a_wearable_that_takes_nothing_is_not_waited_for_long(port, monkeypatch):
    monkeypatch.setattr(serial_port, "_PATIENCE_S", 0.02)

    async def write(link):
        with pytest.raises(LinkDown, match=r"takes no bytes for 0\.02 s: plug the wearable in again"):
            await link.write(bytes(200_000))

    opened(f"serial:{port[1]}", write)
