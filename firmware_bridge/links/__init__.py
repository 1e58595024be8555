"""Byte streams to wearables: serial, TCP, Bluetooth LE, all behind one face."""

from __future__ import annotations

from importlib import import_module
from typing import Final, Protocol

from firmware_bridge.errors import LinkRefused

# Imported when they are asked for: each needs a library of its own.
_LINKS: Final = {
    "serial": ("firmware_bridge.links.serial_port", "SerialLink"),
    "tcp": ("firmware_bridge.links.tcp", "TcpLink"),
    "ble": ("firmware_bridge.links.ble", "BleLink"),
}


class Link(Protocol):
    """A byte stream to one wearable. May be opened again once it was closed. One task reads, one at a time writes.

    Attributes:
        name: For messages, such as ``serial:/dev/ttyACM0``.
    """

    name: str

    async def open(self) -> None:
        """LinkDown where nobody is there, LinkRefused where someone must mend something first."""
        ...

    async def read(self) -> bytes:
        """What has come, one byte at least; waits for it, and loses nothing when it is cancelled.

        LinkDown where the link breaks off, ends or is closed.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send `data`; LinkDown where it cannot be sent, or the other end takes nothing for ten seconds."""
        ...

    async def close(self) -> None:
        """Let go of it; harmless when called twice."""
        ...


def open_link(text: str) -> Link:
    """The link that `text` names, not yet opened: ``serial:/dev/ttyACM0,baud=921600``, ``tcp:HOST:PORT``, ``ble:NAME``.

    LinkRefused where `text` names none; ImportError where the link's library is not installed.
    """
    kind, _, argument = text.partition(":")
    if kind not in _LINKS:
        raise LinkRefused(f"{text!r} is no link: write serial:PATH, tcp:HOST:PORT or ble:NAME")
    module, name = _LINKS[kind]
    link: Link = getattr(import_module(module), name)(argument)
    return link
