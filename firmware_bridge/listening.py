"""Listening to a wearable for as long as somebody wants, whatever becomes of the link and of the wearable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from firmware_bridge.client import Client, News
from firmware_bridge.errors import BridgeError, LinkDown, LinkRefused, WearableError
from firmware_bridge.frames import Action, Heartbeat
from firmware_bridge.links.reconnecting import reconnecting
from firmware_bridge.patience import within

_FAREWELL_S: Final = 1.0
_STALE_S: Final = 2.0  # a heartbeat may have waited so long, and was sent before the start


async def listen(
    client: Client,
    heed: Callable[[News], None],
    *,
    up: Callable[[], None] = lambda: None,
    down: Callable[[LinkDown, float], None] = lambda _error, _pause_s: None,
) -> None:
    """Start the wearable and read it until cancelled, then stop it; where the link breaks off, it is opened again.

    Args:
        client: Not yet opened. Where it cannot be opened for the first time, its error is raised.
        heed: Is given all news.
        up: Is called whenever the wearable has answered.
        down: Is told why the link is down, and how many seconds later it is tried again.
    """
    sitting = _Sitting(client, heed, up)
    try:
        await client.open()
        await reconnecting(sitting.play, down)
    finally:
        await client.close()


class _Sitting:
    def __init__(self, client: Client, heed: Callable[[News], None], up: Callable[[], None]) -> None:
        self._client = client
        self._heed = heed
        self._up = up
        self._opened = True
        self._started_s = 0.0

    async def play(self) -> None:
        """Read until the link breaks off; LinkDown, whatever the reason: it has worked before."""
        try:
            if not self._opened:
                await self._client.open()
            self._up()
            await self._start()
            async for news in self._client.news():
                self._heed(news)
                await self._start_if_idle(news)
        except (LinkRefused, WearableError) as error:
            raise LinkDown(str(error)) from error
        finally:
            self._opened = False
            await self._leave()

    async def _start(self) -> None:
        await self._client.command(Action.START)
        self._started_s = time.monotonic()

    async def _start_if_idle(self, news: News) -> None:
        """A wearable that was started anew does not stream by itself."""
        idle = isinstance(news, Heartbeat) and not news.streaming
        if idle and time.monotonic() - self._started_s > _STALE_S:
            await self._start()

    async def _leave(self) -> None:
        try:
            with suppress(BridgeError, asyncio.TimeoutError):
                await within(_FAREWELL_S, self._client.command(Action.STOP))
        finally:
            await self._client.close()
