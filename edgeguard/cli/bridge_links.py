"""What the bridge's commands share: the link that an argument names, and errors as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgeguard.errors import SourceError

if TYPE_CHECKING:
    from firmware_bridge.links import Link


def link_from(text: str) -> Link:
    """``serial:PATH``, ``tcp:HOST:PORT``, ``ble:NAME``, or the bare path of a serial port; LinkRefused for others."""
    from firmware_bridge.links import open_link

    return open_link(f"serial:{text}" if text.startswith(("/", ".")) else text)


@contextmanager
def bridge_errors() -> Iterator[None]:
    """Turn what goes wrong at a wearable's link or recording into the error that the command line shows."""
    from firmware_bridge.errors import BridgeError

    try:
        yield
    except BridgeError as error:
        raise SourceError(str(error)) from error
