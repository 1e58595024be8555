"""The link that an argument of a bridge command names, and how long it is used."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware_bridge.links import Link


def link_from(text: str) -> Link:
    """``serial:PATH``, ``tcp:HOST:PORT``, ``ble:NAME``, or the bare path of a serial port; LinkRefused for others."""
    from firmware_bridge.links import open_link

    return open_link(f"serial:{text}" if text.startswith(("/", ".")) else text)


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
