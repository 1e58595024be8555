"""A wearable over Bluetooth LE: the two characteristics of the Nordic UART service."""

from __future__ import annotations

from typing import Final

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.links.inbox import Inbox
from firmware_bridge.links.radio import BleakRadio, Connection, Radio

TO_WEARABLE: Final = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
FROM_WEARABLE: Final = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"


class BleLink:
    """``NAME``, as the wearable advertises it, or ``ADDRESS``; on macOS, which tells no addresses, a UUID."""

    def __init__(self, argument: str, radio: Radio | None = None) -> None:
        if not argument:
            raise LinkRefused("ble: names no wearable: write ble:NAME or ble:ADDRESS")
        self._wanted = argument
        self._radio = radio or BleakRadio()
        self._connection: Connection | None = None
        self._inbox: Inbox
        self.name = f"ble:{argument}"

    async def open(self) -> None:
        """Find the wearable, connect and listen."""
        inbox = self._inbox = Inbox()
        connection = await self._radio.connect(self._wanted, lambda: inbox.end(f"{self.name} is out of reach or off"))
        try:
            await connection.listen(FROM_WEARABLE, inbox.put)
            connection.room(TO_WEARABLE)  # is it there?
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def read(self) -> bytes:
        """What was notified; LinkDown where the connection is lost."""
        if self._connection is None:
            raise LinkDown(f"{self.name} is closed")
        return b"".join(await self._inbox.take())

    async def write(self, data: bytes) -> None:
        """Send `data` in pieces that fit the connection's MTU."""
        if self._connection is None:
            raise LinkDown(f"{self.name} is closed")
        room = self._connection.room(TO_WEARABLE)
        for begin in range(0, len(data), room):
            await self._connection.write(TO_WEARABLE, data[begin : begin + room])

    async def close(self) -> None:
        """Disconnect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._inbox.end(f"{self.name} was closed")
            await connection.close()
