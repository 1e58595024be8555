from __future__ import annotations

import asyncio

import pytest

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.links.ble import FROM_WEARABLE, TO_WEARABLE, BleLink
from tests.firmware_bridge.links.fake_radio import FakeDevice, FakeRadio


def opened(device, then):
    async def run():
        link = BleLink("wrist", FakeRadio(wrist=device))
        await link.open()
        try:
            return await then(link)
        finally:
            await link.close()

    return asyncio.run(asyncio.wait_for(run(), 10))


def wearable(**options):
    return FakeDevice({TO_WEARABLE: None, FROM_WEARABLE: None}, **options)


@pytest.mark.parametrize(("room", "pieces"), [(20, [20, 20, 10]), (244, [50])])
def test_what_is_written_is_cut_to_what_the_connection_takes(room, pieces):
    device = wearable(room=room)

    async def write(link):
        await link.write(bytes(range(50)))

    opened(device, write)
    written = [device.written.get_nowait()[1] for _ in pieces]
    assert (list(map(len, written)), b"".join(written)) == (pieces, bytes(range(50)))


def test_notifications_that_nobody_reads_do_not_fill_the_memory():
    device = wearable()

    async def read_late(link):
        for number in range(5000):
            device.notify(FROM_WEARABLE, number.to_bytes(2, "little"))
        return await link.read()

    heard = opened(device, read_late)
    assert heard == b"".join(number.to_bytes(2, "little") for number in range(5000 - 1024, 5000))


def test_what_was_heard_before_the_connection_was_lost_is_still_read():
    device = wearable()

    async def read(link):
        device.notify(FROM_WEARABLE, b"")  # is nothing
        device.notify(FROM_WEARABLE, b"last")
        device.break_off()
        assert await link.read() == b"last"
        with pytest.raises(LinkDown, match="ble:wrist is out of reach or off"):
            await link.read()

    opened(device, read)


@pytest.mark.parametrize("missing", [TO_WEARABLE, FROM_WEARABLE])
def test_a_device_of_another_kind_is_refused_and_let_go(missing):
    device = FakeDevice({TO_WEARABLE: None, FROM_WEARABLE: None})
    del device.values[missing]
    with pytest.raises(LinkRefused, match=missing):
        opened(device, None)
    assert not device.connected
