"""A Bluetooth device without Bluetooth: the radio's protocol, in memory."""

from __future__ import annotations

import asyncio

from firmware_bridge.errors import LinkDown, LinkRefused


class FakeDevice:
    """One device: values to read, what was written, and whom it notifies.

    Args:
        values: Of its characteristics by UUID; None for those that can only be written or listened to.
        room: Bytes that one write may hold.
        answer: Called with each write (characteristic, data); what it returns is notified, as pairs of the same kind.
    """

    def __init__(self, values, *, room=20, answer=lambda characteristic, data: ()):
        self.values, self.size, self.answer = values, room, answer
        self.there, self.connected, self.connections = True, False, 0
        self.written, self.listeners = asyncio.Queue(), {}
        self.free = asyncio.Event()  # whether it takes what is written
        self.free.set()
        self.ended = lambda: None

    def notify(self, characteristic, data):
        self.listeners[characteristic](data)

    def break_off(self):
        self.connected = False
        self.ended()


class FakeRadio:
    """Hears the devices that are given by name."""

    def __init__(self, **devices):
        self.devices = devices

    async def connect(self, wanted, ended):
        device = self.devices.get(wanted)
        if device is None or not device.there:
            raise LinkDown(f"Bluetooth device {wanted} is not heard")
        device.connected, device.ended = True, ended
        device.connections += 1
        return FakeConnection(device)


class FakeConnection:
    def __init__(self, device):
        self.device = device

    def _check(self, characteristic):
        if characteristic not in self.device.values:
            raise LinkRefused(f"the device has no characteristic {characteristic}")
        if not self.device.connected:
            raise LinkDown("the device is lost")

    async def read(self, characteristic):
        self._check(characteristic)
        return self.device.values[characteristic]

    async def write(self, characteristic, data):
        self._check(characteristic)
        assert 0 < len(data) <= self.device.size
        await self.device.free.wait()
        self.device.written.put_nowait((characteristic, bytes(data)))
        for where, what in self.device.answer(characteristic, bytes(data)):
            self.device.notify(where, what)

    async def listen(self, characteristic, heard):
        self._check(characteristic)
        self.device.listeners[characteristic] = heard

    def room(self, characteristic):
        self._check(characteristic)
        return self.device.size

    async def close(self):
        if self.device.connected:
            self.device.break_off()
