"""The other ends of links: a real pty, a real socket, a device of the fake radio."""

from __future__ import annotations

import asyncio
import os
import tty
from contextlib import suppress

from firmware_bridge.links import open_link
from firmware_bridge.links.ble import FROM_WEARABLE, TO_WEARABLE, BleLink
from tests.firmware_bridge.links.fake_radio import FakeDevice, FakeRadio


class SerialPeer:
    """A pty behind a name that stays, as in /dev/serial/by-id."""

    much = 200_000  # more than lies in buffers along the way

    def __init__(self, tmp_path):
        self.path = tmp_path / "usb-wearable"

    async def appear(self):
        self.master, slave = os.openpty()
        tty.setraw(self.master)
        os.set_blocking(self.master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)
        return open_link(f"serial:{self.path},baud=921600")

    async def say(self, data):
        os.write(self.master, data)

    async def hear(self, count):
        heard = b""
        while len(heard) < count:
            with suppress(BlockingIOError):
                heard += os.read(self.master, 65536)
            await asyncio.sleep(0)
        return heard

    def dawdle(self):
        pass  # as it is: nobody reads

    async def vanish(self):
        self.path.unlink()
        os.close(self.master)

    async def leave(self):
        if self.path.is_symlink():
            await self.vanish()


class TcpPeer:
    much = 16_000_000

    def __init__(self, tmp_path):
        self.port = 0

    async def appear(self):
        self.came = asyncio.Queue()
        self.server = await asyncio.start_server(lambda *ends: self.came.put_nowait(ends), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]
        self.ends = None
        return open_link(f"tcp:127.0.0.1:{self.port}")

    async def _accepted(self):
        self.ends = self.ends or await self.came.get()
        return self.ends

    async def say(self, data):
        (await self._accepted())[1].write(data)

    async def hear(self, count):
        return await (await self._accepted())[0].readexactly(count)

    def dawdle(self):
        pass  # as it is: nobody reads

    async def vanish(self):
        self.server.close()
        (await self._accepted())[1].close()

    async def leave(self):
        self.server.close()
        while not self.came.empty():
            self.came.get_nowait()[1].close()
        if self.ends:
            self.ends[1].close()


class BlePeer:
    much = 5_000
    device = None

    def __init__(self, tmp_path):
        pass

    async def appear(self):
        self.device = self.device or FakeDevice({TO_WEARABLE: None, FROM_WEARABLE: None})
        self.device.there = True
        return BleLink("wrist", FakeRadio(wrist=self.device))

    async def say(self, data):
        self.device.notify(FROM_WEARABLE, data)

    async def hear(self, count):
        self.device.free.set()
        heard = b""
        while len(heard) < count:
            heard += (await self.device.written.get())[1]
        return heard

    def dawdle(self):
        self.device.free.clear()

    async def vanish(self):
        self.device.there = False
        self.device.break_off()

    async def leave(self):
        pass


PEERS = {"serial": SerialPeer, "tcp": TcpPeer, "ble": BlePeer}
