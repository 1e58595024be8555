"""Bluetooth LE as the rest of the bridge sees it, and bleak, which does it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol, TypeVar

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)

from firmware_bridge.errors import BridgeError, LinkDown, LinkRefused
from firmware_bridge.patience import within

_T = TypeVar("_T")
_SEARCH_S: Final = 10.0
_PATIENCE_S: Final = 10.0
_Reason = BleakBluetoothNotAvailableReason

_NOT_AVAILABLE: Final = {
    _Reason.NO_BLUETOOTH: "this computer has no Bluetooth adapter: plug one in",
    _Reason.NO_BLE_CENTRAL_ROLE: "this computer's Bluetooth adapter knows no Bluetooth LE: plug in another",
    _Reason.POWERED_OFF: "Bluetooth is switched off: switch it on, on Linux with bluetoothctl power on",
    _Reason.UNKNOWN: "Bluetooth cannot be used, and the system does not say why: switch it off and on again",
}
_DENIED: Final = (
    "this program may not use Bluetooth: allow it in the settings for privacy, on Linux run it outside a sandbox"
)
_NO_BLUEZ: Final = "BlueZ does not run: install the package bluez, then sudo systemctl start bluetooth"
_NO_DBUS: Final = "there is no D-Bus, which Bluetooth needs: install dbus and bluez, in a container mount /run/dbus"
_BUS_ERRORS: Final = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.AccessDenied": "you may not use BlueZ: join its group with "
    "sudo usermod -aG bluetooth $USER, then log out and in again",
}


class Connection(Protocol):
    """A device that is connected. Characteristics are named by their UUIDs, in lower case.

    LinkDown from each where the connection is lost, LinkRefused where the device has no such characteristic.
    """

    async def read(self, characteristic: str) -> bytes:
        """Its value."""
        ...

    async def write(self, characteristic: str, data: bytes) -> None:
        """Set its value: `data`, no longer than `room`."""
        ...

    async def listen(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        """Have each of its notifications and indications given to `heard`."""
        ...

    def room(self, characteristic: str) -> int:
        """How many bytes one write may hold."""
        ...

    async def close(self) -> None:
        """Disconnect; harmless when called twice."""
        ...


class Radio(Protocol):
    """A Bluetooth adapter."""

    async def connect(self, wanted: str, ended: Callable[[], None]) -> Connection:
        """The device of that name or address; `ended` is called once the connection is lost or closed.

        LinkDown where it is not heard or does not answer, LinkRefused where Bluetooth cannot be used.
        """
        ...


class BleakRadio:
    """The adapter of this computer, by way of bleak."""

    async def connect(self, wanted: str, ended: Callable[[], None]) -> Connection:
        """Look for the device and connect."""
        with _translated(wanted):
            device = await within(_SEARCH_S + _PATIENCE_S, _found(wanted))
            client = BleakClient(device, disconnected_callback=lambda _: ended(), timeout=_PATIENCE_S)
            await client.connect()
        return _BleakConnection(wanted, client)


class _BleakConnection:
    def __init__(self, name: str, client: BleakClient) -> None:
        self._name = name
        self._client = client

    async def read(self, characteristic: str) -> bytes:
        return bytes(await self._done(self._client.read_gatt_char(self._one(characteristic))))

    async def write(self, characteristic: str, data: bytes) -> None:
        one = self._one(characteristic)
        answered = "write-without-response" not in one.properties
        await self._done(self._client.write_gatt_char(one, data, response=answered))

    async def listen(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        one = self._one(characteristic)
        await self._done(self._client.start_notify(one, lambda _, data: heard(bytes(data))))

    def room(self, characteristic: str) -> int:
        return self._one(characteristic).max_write_without_response_size

    async def close(self) -> None:
        with suppress(BridgeError):
            await self._done(self._client.disconnect())

    def _one(self, characteristic: str) -> BleakGATTCharacteristic:
        with _translated(self._name):
            one = self._client.services.get_characteristic(characteristic)
        if one is None:
            raise LinkRefused(
                f"Bluetooth device {self._name} has no characteristic {characteristic}: is it the right one?"
            )
        return one

    async def _done(self, doing: Awaitable[_T]) -> _T:
        with _translated(self._name):
            return await within(_PATIENCE_S, doing)


async def _found(wanted: str) -> BLEDevice:
    device = await _connected_already(wanted) or await BleakScanner.find_device_by_filter(
        lambda device, advert: _is(device, advert.local_name, wanted), timeout=_SEARCH_S
    )
    if device is None:
        raise LinkDown(f"Bluetooth device {wanted} is not heard: switch it on, and no phone may be connected to it")
    return device


async def _connected_already(wanted: str) -> BLEDevice | None:
    """The device if a program that was killed has left it connected: it cannot be found then, for it says nothing."""
    with suppress(NotImplementedError):  # not on every system
        adapter = await BleakAdapter.get()
        there = await adapter.get_connected_devices()
        return next((device for device in there if _is(device, None, wanted)), None)
    return None


def _is(device: BLEDevice, local_name: str | None, wanted: str) -> bool:
    return wanted in (local_name, device.name) or wanted.lower() == device.address.lower()


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Errors of bleak and of what is below it as ours."""
    try:
        yield
    except BridgeError:
        raise
    except asyncio.TimeoutError as error:
        raise LinkDown(f"Bluetooth device {name} does not answer: is it near enough?") from error
    except BleakBluetoothNotAvailableError as error:
        raise LinkRefused(_NOT_AVAILABLE.get(error.reason, _DENIED)) from error
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise LinkRefused(_NO_DBUS) from error
    except BleakDBusError as error:
        if error.dbus_error in _BUS_ERRORS:
            raise LinkRefused(_BUS_ERRORS[error.dbus_error]) from error
        raise LinkDown(f"Bluetooth device {name}: BlueZ says {error}; try again") from error
    except (BleakError, OSError, EOFError) as error:
        raise LinkDown(f"Bluetooth device {name} is lost ({str(error) or type(error).__name__})") from error
