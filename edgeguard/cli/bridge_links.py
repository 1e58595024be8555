"""The link that an argument of a bridge command names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware_bridge.links import Link


def link_from(text: str) -> Link:
    """``serial:PATH``, ``tcp:HOST:PORT``, ``ble:NAME``, or the bare path of a serial port; LinkRefused for others."""
    from firmware_bridge.links import open_link

    return open_link(f"serial:{text}" if text.startswith(("/", ".")) else text)
