"""What a radio has heard and nobody has read yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from firmware_bridge.errors import LinkDown

_LIMIT: Final = 1024


class Inbox:
    """Notifications in order, 1024 at most: then the oldest are given up, and their samples will be found missing."""

    def __init__(self) -> None:
        self._heard: deque[bytes] = deque(maxlen=_LIMIT)
        self._news = asyncio.Event()
        self._end: str | None = None

    def put(self, data: bytes) -> None:
        """Keep a notification; one without content is none."""
        if data:
            self._heard.append(data)
            self._news.set()

    def end(self, why: str) -> None:
        """No more will come."""
        if self._end is None:
            self._end = why
            self._news.set()

    async def take(self) -> list[bytes]:
        """All that was heard, one at least; waits for it. LinkDown once the last is taken and no more will come."""
        while not self._heard:
            if self._end is not None:
                raise LinkDown(self._end)
            self._news.clear()
            await self._news.wait()
        heard = list(self._heard)
        self._heard.clear()
        return heard
