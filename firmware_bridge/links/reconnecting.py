"""A command that goes on when the wearable is back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar

from firmware_bridge.errors import LinkDown

_T = TypeVar("_T")
_PAUSE_S: Final = (0.5, 30.0)


async def reconnecting(
    play: Callable[[], Awaitable[_T]],
    down: Callable[[LinkDown, float], None],
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> _T:
    """What `play` returns; it is called again whenever it ends with LinkDown, and every other error ends it for good.

    Args:
        play: Opens a link, uses it, and closes it whatever happens.
        down: Is told why, and how many seconds later it is tried again: half a second at first, doubling to 30, each
            shortened by chance; from the beginning once `play` has lasted more than 30.
        monotonic: Seconds of a clock that never jumps.
        sleep: Waits so many seconds.
    """
    pauses = _pauses()
    while True:
        began_s = monotonic()
        try:
            return await play()
        except LinkDown as error:
            if monotonic() - began_s > _PAUSE_S[1]:
                pauses = _pauses()
            pause_s = next(pauses)
            down(error, pause_s)
        await sleep(pause_s)


def _pauses() -> Iterator[float]:
    pause_s, longest_s = _PAUSE_S
    while True:
        yield pause_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads attempts, hides nothing
        pause_s = min(2 * pause_s, longest_s)
