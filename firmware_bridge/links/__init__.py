"""Byte streams to wearables: serial, TCP, Bluetooth LE, all behind one face."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """A byte stream to one wearable. May be opened again once it was closed.

    Attributes:
        name: For messages, such as ``serial:/dev/ttyACM0``.
    """

    name: str

    async def open(self) -> None:
        """LinkDown where nobody is there, LinkRefused where someone must mend something first."""
        ...

    async def read(self) -> bytes:
        """What has come, one byte at least; waits for it. LinkDown where the link breaks off or ends."""
        ...

    async def write(self, data: bytes) -> None:
        """Send `data`; LinkDown where it cannot be sent."""
        ...

    async def close(self) -> None:
        """Let go of it; harmless when called twice."""
        ...


def open_link(text: str) -> Link:
    """The link that `text` names, not yet opened: ``serial:/dev/ttyACM0,baud=921600``, ``tcp:HOST:PORT``, ``ble:NAME``.

    LinkRefused where `text` names none.
    """
    raise NotImplementedError
