"""Waiting for something for so long and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_T = TypeVar("_T")


async def within(patience_s: float | None, doing: Awaitable[_T]) -> _T:
    """What `doing` returns; asyncio.TimeoutError, and `doing` cancelled, where that takes longer than `patience_s`.

    Whoever waits here and is cancelled ends, whatever comes of `doing`. asyncio's own `wait_for` loses a cancellation
    that meets the end of what it waits for (before Python 3.12), and with it a Ctrl-C.
    """
    task = asyncio.ensure_future(doing)
    try:
        done, _ = await asyncio.wait({task}, timeout=patience_s)
    finally:
        await _ended(task)
    if not done and task.cancelled():
        raise asyncio.TimeoutError
    return task.result()


async def _ended(task: asyncio.Future[_T]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # else asyncio complains of an error that nobody has asked for
