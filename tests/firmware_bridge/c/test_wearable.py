"""A wearable made of the C end, in real time, over a pty, and the Python end at its other side."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tty
from contextlib import contextmanager

import pytest

from firmware_bridge import wire
from firmware_bridge.client import Client
from firmware_bridge.errors import WearableError
from firmware_bridge.frames import Action, Battery, Command
from firmware_bridge.links import open_link
from tests.firmware_bridge.c.building import host_program
from tests.firmware_bridge.c.listening import is_the_signal, streamed


@pytest.fixture(scope="module")
def program(build):
    return host_program("clang", ["wearable.c"], build)


@contextmanager
def plugged(program, **options):
    """The path of a port behind which a wearable sits."""
    order = {
        "rate_hz": 250,
        "channels": 2,
        "width": 3,
        "delta": 1,
        "ring": 20000,
        "accept": 244,
        "stall_ms": 0,
    } | options
    master, slave = os.openpty()
    tty.setraw(slave)
    process = subprocess.Popen([program, *map(str, order.values())], stdin=master, stdout=master)
    try:
        yield os.ttyname(slave)
    finally:
        process.terminate()
        process.wait()
        os.close(slave)
        os.close(master)


@pytest.mark.parametrize("options", [{}, {"width": 2, "channels": 32}, {"delta": 0, "accept": 7}])
def test_every_sample_arrives(program, options):
    with plugged(program, **options) as path:
        client, heard = asyncio.run(streamed(path, 200, rate_hz=500))
    is_the_signal(heard)
    assert client.session.hello.rate_hz == 500
    assert client.decoder.counts.rejected <= 1  # a frame may have been under way when the port was opened
    assert (client.session.counts.missing, client.session.counts.lost_frames) == (0, 0)


def test_samples_that_a_slow_link_lost_are_counted_one_by_one(program):
    with plugged(program, rate_hz=1000, stall_ms=400, ring=224) as path:
        client, heard = asyncio.run(streamed(path, 1200))
    is_the_signal(heard)
    assert client.session.counts.missing > 0
    assert client.decoder.counts.rejected <= 1
    assert any(isinstance(one, Battery) for one in heard)


def test_a_rate_that_it_cannot_do_is_refused(program):
    async def ask(path):
        client = Client(open_link(f"serial:{path}"))
        await client.open()
        try:
            await client.command(Action.SET_RATE, 1)
        finally:
            await client.close()

    with plugged(program) as path, pytest.raises(WearableError, match=r"does not take a rate of 0\.001 Hz"):
        asyncio.run(ask(path))


def test_damaged_commands_are_not_heard_and_the_next_whole_one_is(program):
    async def ask(path):
        client = Client(open_link(f"serial:{path}"))
        await client.open()
        whole = wire.encode(Command(0, 0, 0, 200, Action.START))
        for at in range(1, len(whole) - 1):
            await client.link.write(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        await client.command(Action.IDENTIFY)
        await client.close()
        return client

    with plugged(program) as path:
        client = asyncio.run(ask(path))
    assert client.session.counts.samples == 0
