"""A virtual wearable that runs in the background, for a test or a first look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frames import Channel, Hello
from firmware_bridge.simulator.plug import PtyPlug
from firmware_bridge.simulator.running import Plug
from firmware_bridge.simulator.sampler import Signal
from firmware_bridge.simulator.virtual_wearable import VirtualWearable


@asynccontextmanager
async def plugged(wearable: VirtualWearable | None = None, plug: Plug | None = None, **run: Any) -> AsyncIterator[str]:
    """Run `wearable` in the background and yield where to open it: ``serial:PATH`` or ``tcp:HOST:PORT``.

    Args:
        wearable: By default one with a slow wave on one channel; see `wave_wearable`.
        plug: By default a pseudo terminal.
        run: Of `Plug.run`: ``wire``, ``back``, ``breaks``, ``speed``, ``seconds``.
    """
    async with plug or PtyPlug() as inserted:
        task = asyncio.create_task(inserted.run(wearable or wave_wearable(), **run))
        try:
            yield inserted.address
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def wave_wearable(hello: Hello | None = None, **traits: Any) -> VirtualWearable:
    """A wearable with a wave of 1 Hz and 1000 steps on each channel; `traits` as of `VirtualWearable`."""
    hello = hello or simple_hello()
    return VirtualWearable(hello, _waves(hello), **traits)


def simple_hello(
    device: str = "sim-1",
    *,
    rate_hz: float = 250.0,
    channels: tuple[str, ...] = ("ECG",),
    unit: str = "uV",
    resolution: float = 1.0,
    width: int = 2,
) -> Hello:
    """A hello of channels that are alike; FrameError where a wearable cannot be so."""
    alike = tuple(Channel(name, unit, resolution) for name in channels)
    return Hello(0, 0, 0, device, "sim", round(rate_hz * 1000), width, alike)


def _waves(hello: Hello) -> Signal:
    taken = count()

    def waves(n: int) -> NDArray[np.float32]:
        at_s = np.array(list(islice(taken, n))) / hello.rate_hz
        resolutions = np.array([[channel.resolution] for channel in hello.channels])
        return np.asarray(1000 * resolutions * np.sin(2 * np.pi * at_s), dtype=np.float32)

    return waves
