"""The one thread that judges: it takes the windows of all sources from a queue, in batches.

onnxruntime lets go of the interpreter while it computes, so that meanwhile the event loop cuts the next windows.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, TypeVar

from edgeguard.device.config import EngineConfig
from edgeguard.device.samples import Window
from edgeguard.device.serving import Arrival, Serving
from firmware_bridge.patience import within

log = logging.getLogger(__name__)

T = TypeVar("T")
_Job = Callable[[], None]

TICK_S: Final = 1.0
_BATCHES_WAITING: Final = 16


class Worker:
    """Runs a `Serving` in a thread of its own.

    A window is judged at once when no other source is active; else it waits, for `latency_ms` at most, until there are
    `max_batch` of them. What else is asked is done in its turn, between two batches. There is room for 16 batches.

    Args:
        serving: Belongs to the thread from here on, and is closed by it.
        engine: The config's ``[engine]``.
        on_full: Called in the event loop once the serving has reached its limit.

    Attributes:
        active: How many sources give windows right now; the event loop's to set.
    """

    def __init__(self, serving: Serving, engine: EngineConfig, on_full: Callable[[], None] = lambda: None) -> None:
        self.active = 0
        self._serving = serving
        self._latency_s = engine.latency_ms / 1000
        self._max_batch = engine.max_batch
        self._on_full = on_full
        self._queue: queue.SimpleQueue[Arrival | _Job] = queue.SimpleQueue()
        self._given = 0  # windows; written by the event loop only
        self._taken = 0  # windows; written by the thread only
        self._room = asyncio.Event()
        self._waited_for = False  # whether somebody waits for room
        self._tick_at = 0.0
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._ended: Future[None] = Future()
        self._end = asyncio.wrap_future(self._ended)
        threading.Thread(target=self._run, name="worker", daemon=True).start()

    @property
    def advanced(self) -> int:
        """See `Serving.advanced`."""
        return self._serving.advanced

    @property
    def has_room(self) -> bool:
        """Whether windows may be put right now."""
        return self._waiting < _BATCHES_WAITING * self._max_batch

    async def room(self, patience_s: float | None = None) -> bool:
        """Wait until there is room; False where there is none for `patience_s`."""
        try:
            while not self.has_room:
                self._room.clear()
                self._waited_for = True
                if self._waiting:  # else the thread may have looked before
                    await within(patience_s, self._room.wait())
        except asyncio.TimeoutError:
            return False
        return True

    def put(self, windows: Sequence[Window], arrived_s: float) -> None:
        """Have windows judged that were complete at `arrived_s`."""
        self._given += len(windows)
        for window in windows:
            self._queue.put(Arrival(window, arrived_s))

    async def call(self, job: Callable[[], T]) -> T:
        """What `job` returns or raises when it is done in the thread, after all that was given before."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(job())
            except Exception as error:  # noqa: BLE001 - it is raised where the job was asked for
                future.set_exception(error)

        self._queue.put(run)
        return await asyncio.wrap_future(future)

    async def ended(self) -> None:
        """Returns when the thread has ended; raises what it died of."""
        await asyncio.shield(self._end)  # whoever waits may be cancelled, the thread may not

    async def close(self) -> None:
        """Judge what is there, close the serving, end the thread; raises what it died of."""
        self._queue.put(self._stop)
        await self.ended()

    @property
    def _waiting(self) -> int:
        return self._given - self._taken

    def _run(self) -> None:
        try:
            self._tick_at = time.monotonic() + TICK_S
            while not self._stopping:
                arrivals, job = self._collect()
                self._take(arrivals)
                if job is not None:
                    job()
                self._tick()
            self._serving.close()
        except BaseException as error:  # noqa: BLE001 - it is raised in the event loop
            self._ended.set_exception(error)
        else:
            self._ended.set_result(None)

    def _collect(self) -> tuple[list[Arrival], _Job | None]:
        """The next windows, and the job that came after them; neither where a tick is due first."""
        arrivals: list[Arrival] = []
        until = self._tick_at
        while len(arrivals) < self._max_batch:
            alone = bool(arrivals) and self.active <= 1
            try:
                item = self._queue.get(timeout=0 if alone else max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if not isinstance(item, Arrival):
                return arrivals, item
            if not arrivals:
                until = item.arrived_s + self._latency_s
            arrivals.append(item)
        return arrivals, None

    def _take(self, arrivals: list[Arrival]) -> None:
        if not arrivals:
            return
        self._serving.take(arrivals)
        self._taken += len(arrivals)
        if self._waited_for and self._waiting < _BATCHES_WAITING * self._max_batch // 2:
            self._waited_for = False
            self._loop.call_soon_threadsafe(self._room.set)
        if self._serving.full:
            self._loop.call_soon_threadsafe(self._on_full)

    def _tick(self) -> None:
        if (now := time.monotonic()) >= self._tick_at:
            self._tick_at = now + TICK_S
            self._serving.tick()

    def _stop(self) -> None:
        self._stopping = True
