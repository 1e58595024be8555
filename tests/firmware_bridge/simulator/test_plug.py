from __future__ import annotations

import asyncio
import math
import os
import socket
from contextlib import suppress

import pytest

from firmware_bridge.decoder import Decoder
from firmware_bridge.errors import LinkRefused
from firmware_bridge.frames import Action, Command, Heartbeat, Hello, Samples
from firmware_bridge.simulator import plugged, simple_hello, wave_wearable
from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
from firmware_bridge.simulator.plug import PtyPlug, TcpPlug
from firmware_bridge.simulator.spells import Spells
from firmware_bridge.wire import encode

START = encode(Command(0, 0, 0, 1, Action.START))


async def until(true):
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it does not come")


class Port:
    """A bare reader of either end."""

    def __init__(self, address):
        self.decoder = Decoder()
        self.frames = []
        self._socket = None
        if address.startswith("serial:"):
            self.fd = os.open(address[7:], os.O_RDWR | os.O_NOCTTY)
        else:
            host, port = address[4:].split(":")
            self._socket = socket.create_connection((host, int(port)))
            self.fd = self._socket.fileno()
        os.set_blocking(self.fd, False)

    def read(self):
        with suppress(BlockingIOError):
            data = os.read(self.fd, 65536)
            self.frames += self.decoder.feed(data)
            return data
        return None

    def has(self, kind):
        self.read()
        return any(isinstance(frame, kind) for frame in self.frames)

    def is_cut(self):
        try:
            return self.read() == b""
        except OSError:
            return True

    def close(self):
        self._socket.close() if self._socket else os.close(self.fd)


@pytest.mark.parametrize("plug", [PtyPlug, TcpPlug])
def test_a_reader_is_told_who_is_there_and_starts_the_wearable(plug):
    async def main():
        async with plugged(plug=plug()) as address:
            port = Port(address)
            await until(lambda: port.has(Hello))
            os.write(port.fd, START)
            await until(lambda: port.has(Samples))
            port.close()
            return port.decoder.counts.rejected

    assert asyncio.run(main()) == 0


def test_who_comes_after_another_has_left_is_let_in():
    async def main():
        async with plugged(plug=TcpPlug()) as address:
            for _ in range(2):
                port = Port(address)
                await until(lambda port=port: port.has(Heartbeat))
                port.close()

    asyncio.run(main())


def test_the_path_is_there_while_it_runs_and_gone_afterwards(tmp_path):
    path = tmp_path / "ttyWearable"

    async def main():
        async with plugged(plug=PtyPlug(path)) as address:
            assert address == f"serial:{path}"
            assert path.exists()

    asyncio.run(main())
    assert not path.is_symlink()


def test_a_link_that_was_left_behind_is_replaced_and_a_file_is_not(tmp_path):
    left, file = tmp_path / "left", tmp_path / "file"
    left.symlink_to(tmp_path / "gone")
    file.touch()
    with pytest.raises(LinkRefused, match="file cannot be made"):
        PtyPlug(file).insert()
    plug = PtyPlug(left)
    plug.insert()
    assert left.exists()
    plug.pull()


def test_a_port_that_is_taken_is_refused():
    first = TcpPlug()
    first.insert()
    with pytest.raises(LinkRefused, match=f"cannot listen on 127.0.0.1:{first.port}"):
        TcpPlug(port=first.port).insert()
    first.pull()


@pytest.mark.parametrize("plug", [PtyPlug, TcpPlug])
def test_pulled_and_inserted_again_it_is_found_at_the_same_place(plug):
    async def main():
        wearable, breaks = wave_wearable(), Spells(math.inf, math.inf, 0)
        async with plugged(wearable, plug(), breaks=breaks) as address:
            port = Port(address)
            await until(lambda: port.has(Hello))
            breaks.on = True  # pulled
            await until(port.is_cut)
            port.close()
            with pytest.raises(OSError, match=r"No such file|refused"):
                Port(address)
            breaks.on = False
            await asyncio.sleep(0.05)
            port = Port(address)
            await until(lambda: port.has(Heartbeat))
            port.close()

    asyncio.run(main())


def test_while_nobody_reads_samples_are_lost_on_the_wearable():
    async def main():
        wearable = wave_wearable(simple_hello(rate_hz=1000.0))
        async with plugged(wearable, speed=200.0) as address:
            port = Port(address)
            os.write(port.fd, START)
            await asyncio.sleep(0.3)
            await until(lambda: port.has(Heartbeat) and any(getattr(one, "lost", 0) for one in port.frames))
            port.close()
        counts = wearable.counts
        assert 0 < counts.lost <= counts.taken - counts.sent

    asyncio.run(main())


def test_noise_damages_both_directions():
    async def main():
        wire, back = NoisyWire(1, Noise(damage=0.9)), NoisyWire(2, Noise(damage=0.9))
        async with plugged(wire=wire, back=back) as address:
            port = Port(address)
            os.write(port.fd, START)
            await until(lambda: port.read() and wire.counts.damaged and back.counts.damaged)
            port.close()
            return port.frames

    assert not any(isinstance(frame, Samples) for frame in asyncio.run(main()))
