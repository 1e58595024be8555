"""What changes in the database, told to all who look: one poller in a process, however many pages are open.

A listener that is slow loses the oldest changes and is told so; it never holds up the others.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.clock import Now, unix_ms
from edgeguard.fleet.store.changes import Changes, changes_since
from edgeguard.fleet.store.database import Database
from firmware_bridge.patience import within

log = logging.getLogger(__name__)

_KEPT: Final = 16  # batches that wait for one listener
_BACK_MS: Final = 5_000


class Listener:
    """One who looks; made by `Live.subscribe`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Changes] = deque()
        self._there = asyncio.Event()

    async def next(self, timeout_s: float | None = None) -> Changes | None:
        """The next changes; None where there were none for so long."""
        try:
            await within(timeout_s, self._there.wait())
        except (asyncio.TimeoutError, TimeoutError):
            return None
        found = self._waiting.popleft()
        if not self._waiting:
            self._there.clear()
        return found

    def __aiter__(self) -> AsyncIterator[Changes]:
        return self

    async def __anext__(self) -> Changes:
        found = await self.next()
        assert found is not None  # noqa: S101 - without a timeout there is always one
        return found

    def tell(self, changes: Changes) -> None:
        """Called by the poller's thread."""
        try:
            self._loop.call_soon_threadsafe(self._take, changes)
        except RuntimeError:  # its loop is closed: it is about to be unsubscribed
            log.debug("a listener's loop is closed")

    def _take(self, changes: Changes) -> None:
        if len(self._waiting) == _KEPT:
            self._waiting.popleft()
            self._waiting[0] = replace(self._waiting[0], complete=False)
        self._waiting.append(changes)
        self._there.set()


class Live:
    """Polls while there are listeners.

    Args:
        database: Where changes come from.
        now_ms: The wall clock.
        every_s: Seconds between two looks.
    """

    def __init__(self, database: Database, now_ms: Now = unix_ms, every_s: float = 1.0) -> None:
        self._database = database
        self._now_ms = now_ms
        self._every_s = every_s
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._polling = False

    @contextmanager
    def subscribe(self) -> Iterator[Listener]:
        """Within the block the listener is told of changes; must be entered in the event loop that reads it."""
        listener = Listener()
        with self._lock:
            self._listeners.add(listener)
            if not self._polling:
                self._polling = True
                threading.Thread(target=self._poll, name="fleet-live", daemon=True).start()
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)

    @property
    def listeners(self) -> int:
        """How many there are."""
        return len(self._listeners)

    def look(self, since_ms: int) -> Changes:
        """What has changed since; StoreUnavailable."""
        with self._database.reading() as connection:
            return changes_since(connection, since_ms, self._now_ms())

    def _poll(self) -> None:
        fresh = _Fresh(self._now_ms())
        while self._somebody_listens():
            time.sleep(self._every_s)
            try:
                changes = fresh.of(self.look(fresh.since_ms))
            except EdgeGuardError as error:
                log.warning("live views stand still: %s", error)
                continue
            if changes.devices or changes.alarms or not changes.complete:
                with self._lock:
                    listeners = list(self._listeners)
                for listener in listeners:
                    listener.tell(changes)

    def _somebody_listens(self) -> bool:
        with self._lock:
            self._polling = bool(self._listeners)
            return self._polling


class _Fresh:
    """Tells each change once, though every look goes back a while: what is committed late may bear an early time."""

    def __init__(self, now_ms: int) -> None:
        self.since_ms = now_ms - _BACK_MS
        self._told: dict[tuple[str, int], tuple[int, str]] = {}  # (kind, id) -> (its time, status)

    def of(self, changes: Changes) -> Changes:
        """Those of `changes` that were not told yet."""
        self.since_ms = changes.at_ms - _BACK_MS
        devices = [one for one in changes.devices if self._is_new("device", one.id, one.last_seen_ms, one.status)]
        alarms = [one for one in changes.alarms if self._is_new("alarm", one.id, one.changed_ms, one.status)]
        self._told = {key: at for key, at in self._told.items() if at[0] >= self.since_ms}
        return replace(changes, devices=devices, alarms=alarms)

    def _is_new(self, kind: str, number: int, at_ms: int, status: str) -> bool:
        before = self._told.get((kind, number))
        self._told[kind, number] = (at_ms, status)
        return before != (at_ms, status)
