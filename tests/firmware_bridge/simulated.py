"""A simulated wearable in a thread of its own, for commands that run in the foreground."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

from firmware_bridge.simulator.plugged import plugged


@contextmanager
def simulated(wearable=None, plug=None, **run):
    """Where to open the wearable, while it runs; arguments as of `plugged`."""
    loop, there, over, address = asyncio.new_event_loop(), threading.Event(), asyncio.Event(), []

    async def play():
        async with plugged(wearable, plug, **run) as where:
            address.append(where)
            there.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(play()))
    thread.start()
    assert there.wait(60)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
