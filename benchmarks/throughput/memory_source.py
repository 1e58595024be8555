"""Sources whose samples lie in memory, so that nothing but the daemon costs time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Feed, Samples
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.synthetic import draw_wearer, synthesize

RATE_HZ = 360.0
CHUNK = 36  # samples: a tenth of a second, as wearables send them
_SECONDS = 60
_WEARERS = 8

Pause = Callable[[int], Coroutine[Any, Any, None]]  # given the number of the chunk that comes next


class MemorySource:
    """Plays `recording` (channels, n) in chunks, over and over, until `chunks` are sent; `pause` before each."""

    def __init__(self, recording: NDArray[np.float32], rate_hz: float | None, chunks: int, pause: Pause) -> None:
        whole = recording.shape[1] // CHUNK
        self._parts = [recording[:, CHUNK * k : CHUNK * (k + 1)] for k in range(whole)]
        self._rate_hz, self._chunks, self._pause = rate_hz, chunks, pause

    async def open(self, _signal: SignalSpec) -> Feed:
        """Once; not live, so that no clock is held against it."""
        return Feed(self._rate_hz, self._samples(), live=False)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _samples(self) -> AsyncIterator[Samples]:
        for number in range(self._chunks):
            await self._pause(number)
            yield Samples(CHUNK * number, self._parts[number % len(self._parts)])


async def let_others(_number: int) -> None:
    """No pause, but the other sources have their turn."""
    await asyncio.sleep(0)


def at_real_time(offset_s: float) -> Pause:
    """As long as it takes until the next chunk would come from a wearable that began `offset_s` from now."""
    began = time.monotonic() + offset_s

    async def pause(number: int) -> None:
        await asyncio.sleep(max(0.0, began + number * CHUNK / RATE_HZ - time.monotonic()))

    return pause


def recordings(signal: SignalSpec) -> tuple[list[NDArray[np.float32]], float | None]:
    """Signals of a minute and their rate: ECG at 360 Hz, noise where the model's signal has no rate."""
    if signal.rate_hz is None:
        rng = np.random.default_rng(0)
        shape = (_WEARERS, len(signal.channels), round(_SECONDS * RATE_HZ))
        return list(rng.normal(size=shape).astype(np.float32)), None
    ecg = (
        synthesize(draw_wearer(seed), rate_hz=RATE_HZ, seconds=_SECONDS, seed=seed).signal_mv
        for seed in range(_WEARERS)
    )
    return [np.tile(one, (len(signal.channels), 1)) for one in ecg], RATE_HZ
