from __future__ import annotations

import asyncio
import shutil
import sys
from unittest.mock import create_autospec

import pytest
from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
)

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.links import open_link, radio
from firmware_bridge.links.radio import BleakRadio

WRIST = BLEDevice("AA:BB:CC:00:11:22", "wrist", None)
UART = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"


@pytest.fixture
def bleak(monkeypatch):
    """Bleak's three classes, with the signatures of the installed ones; nobody is there until a test says so."""

    class Bleak:
        scanner, adapter, client = (create_autospec(one) for one in (BleakScanner, BleakAdapter, BleakClient))
        characteristic = create_autospec(BleakGATTCharacteristic, instance=True)

    Bleak.adapter.get.return_value = Bleak.adapter.return_value
    Bleak.adapter.return_value.get_connected_devices.return_value = []
    Bleak.scanner.find_device_by_filter.return_value = None
    Bleak.client.return_value.services.get_characteristic.return_value = Bleak.characteristic
    monkeypatch.setattr(radio, "BleakScanner", Bleak.scanner)
    monkeypatch.setattr(radio, "BleakAdapter", Bleak.adapter)
    monkeypatch.setattr(radio, "BleakClient", Bleak.client)
    return Bleak


def connected(then=None, wanted="wrist", ended=lambda: None):
    async def run():
        connection = await BleakRadio().connect(wanted, ended)
        return await then(connection)

    return asyncio.run(run())


async def nothing(connection):
    pass


@pytest.mark.parametrize(
    ("wanted", "local_name", "found"),
    [
        ("wrist", None, True),
        ("aa:bb:cc:00:11:22", None, True),
        ("by night", "by night", True),
        ("wri", "wristband", False),
    ],
)
def test_a_device_is_known_by_either_name_or_by_its_address(bleak, wanted, local_name, found):
    bleak.scanner.find_device_by_filter.return_value = WRIST
    connected(nothing, wanted)
    (is_it,) = bleak.scanner.find_device_by_filter.call_args.args
    advert = create_autospec(radio.BLEDevice, instance=True)
    advert.local_name = local_name
    assert is_it(WRIST, advert) == found
    assert bleak.client.call_args.args == (WRIST,)


def test_a_device_that_a_killed_program_left_connected_is_taken_without_a_search(bleak):
    bleak.adapter.return_value.get_connected_devices.return_value = [WRIST]
    connected(nothing)
    assert (bleak.client.call_args.args, bleak.scanner.find_device_by_filter.called) == ((WRIST,), False)


def test_where_the_system_does_not_tell_who_is_connected_it_is_looked_for(bleak):
    bleak.adapter.get.side_effect = NotImplementedError
    bleak.scanner.find_device_by_filter.return_value = WRIST
    connected(nothing)
    assert bleak.client.call_args.args == (WRIST,)


def test_nobody_there_says_what_to_do(bleak):
    with pytest.raises(LinkDown, match="wrist is not heard: switch it on, and no phone may be connected to it"):
        connected()


def test_the_end_of_the_connection_is_told(bleak):
    bleak.scanner.find_device_by_filter.return_value = WRIST
    ends = []
    connected(nothing, ended=lambda: ends.append("ended"))
    bleak.client.call_args.kwargs["disconnected_callback"](bleak.client.return_value)
    assert ends == ["ended"]


@pytest.mark.parametrize(("properties", "answered"), [(["write", "write-without-response"], False), (["write"], True)])
def test_bytes_are_read_written_and_heard(bleak, properties, answered):
    bleak.scanner.find_device_by_filter.return_value = WRIST
    bleak.characteristic.properties = properties
    bleak.characteristic.max_write_without_response_size = 244
    client, heard = bleak.client.return_value, []
    client.read_gatt_char.return_value = bytearray(b"\x63")

    async def use(connection):
        await connection.write(UART, b"start")
        await connection.listen(UART, heard.append)
        client.start_notify.call_args.args[1](bleak.characteristic, bytearray(b"news"))
        return await connection.read(UART), connection.room(UART), await connection.close()

    assert (connected(use), heard) == ((b"\x63", 244, None), [b"news"])
    client.write_gatt_char.assert_awaited_once_with(bleak.characteristic, b"start", response=answered)
    client.disconnect.assert_awaited_once_with()


def test_a_device_without_the_characteristic_is_the_wrong_one(bleak):
    bleak.scanner.find_device_by_filter.return_value = WRIST
    bleak.client.return_value.services.get_characteristic.return_value = None

    async def use(connection):
        await connection.read(UART)

    with pytest.raises(LinkRefused, match=f"has no characteristic {UART}: is it the right one"):
        connected(use)


def not_available(reason):
    return BleakBluetoothNotAvailableError("as bleak words it", BleakBluetoothNotAvailableReason[reason])


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (not_available("NO_BLUETOOTH"), LinkRefused, "has no Bluetooth adapter: plug one in"),
        (not_available("POWERED_OFF"), LinkRefused, "switched off: switch it on, on Linux with bluetoothctl power on"),
        (not_available("NO_BLE_CENTRAL_ROLE"), LinkRefused, "knows no Bluetooth LE"),
        (not_available("DENIED_BY_USER"), LinkRefused, "may not use Bluetooth: allow it"),
        (not_available("UNKNOWN"), LinkRefused, "does not say why: switch it off and on again"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), LinkRefused, "usermod -aG bluetooth"),
        (
            BleakDBusError("org.bluez.Error.InProgress", ["busy"]),
            LinkDown,
            r"BlueZ says \[org.bluez.Error.InProgress\]",
        ),
        (BleakDeviceNotFoundError("AA", "it was removed"), LinkDown, "is lost"),
        (BleakError("Not connected"), LinkDown, r"wrist is lost \(Not connected\)"),
        (EOFError(), LinkDown, r"wrist is lost \(EOFError\)"),
        (asyncio.TimeoutError(), LinkDown, r"wrist does not answer: is it near enough\?"),
        (ValueError("a bug"), ValueError, "a bug"),
    ],
)
def test_what_bleak_raises_says_what_to_do(bleak, error, kind, message):
    bleak.scanner.find_device_by_filter.return_value = WRIST
    bleak.client.return_value.connect.side_effect = error
    with pytest.raises(kind, match=message):
        connected()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has D-Bus")
def test_without_d_bus_the_real_bleak_leads_to_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with pytest.raises(LinkRefused, match="there is no D-Bus, which Bluetooth needs: install dbus and bluez"):
        connected()


@pytest.fixture
def bus(monkeypatch, tmp_path):
    """The address of a D-Bus of our own."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("needs dbus-daemon")
    fake_bluez = pytest.importorskip("tests.firmware_bridge.links.fake_bluez", reason="needs dbus-fast")
    with fake_bluez.private_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield fake_bluez, address


@pytest.fixture
def bluez(bus):
    """Run a coroutine with a link to the wearable of a fake BlueZ, by way of the real bleak."""

    fake_bluez, address = bus

    def play(test, where="ble:wrist", *, powered=True):
        async def run():
            async with fake_bluez.FakeBlueZ(powered=powered).on(address) as served:
                link = open_link(where)
                try:
                    await test(served, link)
                finally:
                    await link.close()

        asyncio.run(asyncio.wait_for(run(), 20))

    return play


async def said_back(link, data):
    await link.write(data)
    heard = b""
    while len(heard) < len(data):
        heard += await link.read()
    return heard


def test_without_bluez_the_real_bleak_leads_to_what_to_start(bus):
    with pytest.raises(LinkRefused, match="BlueZ does not run: install the package bluez"):
        connected()


def test_the_real_bleak_finds_writes_and_hears(bluez):
    async def test(served, link):
        await link.open()
        assert await said_back(link, bytes(range(150))) == bytes(range(150))
        assert [(len(data), kind) for data, kind in served.written] == [(100, "command"), (50, "command")]

    bluez(test, where="ble:aa:bb:cc:00:11:22")


def test_the_real_bleak_tells_of_a_lost_connection_and_finds_it_again(bluez):
    async def test(served, link):
        await link.open()
        served.connect(False)
        with pytest.raises(LinkDown, match="ble:wrist is out of reach or off"):
            await link.read()
        await link.close()
        await link.open()
        assert await said_back(link, b"again") == b"again"

    bluez(test)


def test_the_real_bleak_takes_what_a_killed_program_left_connected(bluez):
    async def test(served, link):
        served.silent = True
        served.connect(True)
        await link.open()
        assert await said_back(link, b"still") == b"still"

    bluez(test)


def test_with_the_real_bleak_an_adapter_that_is_off_says_so(bluez):
    async def test(served, link):
        with pytest.raises(LinkRefused, match="Bluetooth is switched off"):
            await link.open()

    bluez(test, powered=False)
