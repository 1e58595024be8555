"""Where a bridge command finds its wearable, or is found as one, and for how long."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeguard.errors import ConfigError

if TYPE_CHECKING:
    from firmware_bridge.links import Link
    from firmware_bridge.simulator.running import Plug


def link_from(text: str) -> Link:
    """``serial:PATH``, ``tcp:HOST:PORT``, ``ble:NAME``, or the bare path of a serial port; LinkRefused for others."""
    from firmware_bridge.links import open_link

    return open_link(f"serial:{text}" if text.startswith(("/", ".")) else text)


def plug_from(pty: Path | None, tcp: str | None) -> Plug:
    """Where a reader is to find a wearable: a pseudo terminal, a new one unless told, or HOST:PORT to listen on.

    ConfigError where both are given, or no address.
    """
    from firmware_bridge.simulator.plug import PtyPlug, TcpPlug

    if tcp is None:
        return PtyPlug(pty)
    if pty is not None:
        raise ConfigError("--pty and --tcp exclude each other: run it twice")
    found = re.fullmatch(r"([^:]+):(\d{1,5})", tcp)
    if found is None or int(found[2]) > 65535:
        raise ConfigError(f"--tcp {tcp!r} is no address: write HOST:PORT, such as 127.0.0.1:5555")
    return TcpPlug(found[1], int(found[2]))


def run_until_told(work: Coroutine[None, None, None], seconds: float | None = None) -> None:
    """Run `work` until it ends, `seconds` are over, or Ctrl-C or SIGTERM; it is cancelled, and may say farewell."""
    asyncio.run(_until_told(work, seconds))


async def _until_told(work: Coroutine[None, None, None], seconds: float | None) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    timer = None if seconds is None else loop.call_later(seconds, task.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await task
    finally:
        if timer is not None:
            timer.cancel()
