"""Sources whose samples lie in memory, so that nothing but the daemon costs time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Feed, Samples
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.synthetic import draw_wearer, synthesize

RATE_HZ: Final = 360.0
_SECONDS: Final = 60
_WEARERS: Final = 8

Pause = Callable[[int], Coroutine[Any, Any, None]]  # given the number of the chunk that comes next


class MemorySource:
    """Plays `recording` (channels, n), over and over, until `samples` are sent; `pause` before each chunk."""

    def __init__(
        self, recording: NDArray[np.float32], rate_hz: float | None, *, chunk: int, samples: int, pause: Pause
    ) -> None:
        self._parts = [recording[:, at : at + chunk] for at in range(0, recording.shape[1] - chunk + 1, chunk)]
        self._chunk, self._chunks = chunk, -(-samples // chunk)
        self._rate_hz, self._pause = rate_hz, pause

    async def open(self, _signal: SignalSpec) -> Feed:
        """Once; not live, so that no clock is held against it."""
        return Feed(self._rate_hz, self._samples(), live=False)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _samples(self) -> AsyncIterator[Samples]:
        for number in range(self._chunks):
            await self._pause(number)
            yield Samples(self._chunk * number, self._parts[number % len(self._parts)])


async def let_others(_number: int) -> None:
    """No pause, but the other sources have their turn."""
    await asyncio.sleep(0)


def at_real_time(offset_s: float, chunk: int) -> Pause:
    """As long as it takes until the next chunk would come from a wearable that began `offset_s` from now."""
    began = time.monotonic() + offset_s

    async def pause(number: int) -> None:
        await asyncio.sleep(max(0.0, began + number * chunk / RATE_HZ - time.monotonic()))

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
