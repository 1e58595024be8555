"""Judging without a thread, where there is one source: nothing is handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from edgeguard.device.config import EngineConfig
from edgeguard.device.samples import Window
from edgeguard.device.serving import Arrival, Serving
from edgeguard.device.worker import TICK_S

T = TypeVar("T")


class InLoop:
    """A `Worker` without a thread: each window is judged at once in the event loop.

    For one source this is the fastest, for nothing is handed over. Its arguments and methods are those of `Worker`.
    """

    has_room = True

    def __init__(self, serving: Serving, engine: EngineConfig, on_full: Callable[[], None] = lambda: None) -> None:
        self.active = 0
        self._serving = serving
        self._max_batch = engine.max_batch
        self._on_full = on_full
        self._ticking = asyncio.create_task(self._tick())

    @property
    def advanced(self) -> int:
        """See `Serving.advanced`."""
        return self._serving.advanced

    async def room(self, patience_s: float | None = None) -> bool:  # noqa: ARG002 - as of Worker
        """There always is room."""
        return True

    def put(self, windows: Sequence[Window], arrived_s: float) -> None:
        """Judge windows that were complete at `arrived_s`."""
        for start in range(0, len(windows), self._max_batch):
            self._serving.take([Arrival(window, arrived_s) for window in windows[start : start + self._max_batch]])
        if self._serving.full:
            self._on_full()

    async def call(self, job: Callable[[], T]) -> T:
        """What `job` returns or raises."""
        return job()

    async def ended(self) -> None:
        """Never returns of itself; raises what the ticking died of."""
        await asyncio.shield(self._ticking)

    async def close(self) -> None:
        """Close the serving."""
        self._ticking.cancel()
        self._serving.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._serving.tick()
