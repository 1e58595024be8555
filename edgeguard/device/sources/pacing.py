"""Samples in chunks, at the pace at which a wearable would send them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples

Blocks = Iterator[tuple[int, NDArray[np.float32]]]

CHUNK_S: Final = 0.25
UNPACED_CHUNK_S: Final = 4.0  # as fast as possible: less work per sample, and still a turn for everyone else


async def paced(
    blocks: Blocks, per_second: float, speed: float, chunk_s: float | None = None
) -> AsyncIterator[Samples]:
    """Cut blocks into chunks, each sent when its last sample is due.

    Due times count from the first chunk, so a slow reader is caught up with and no delay adds up. The next block is
    made or read in another thread, so that the event loop does not wait for it.

    Args:
        blocks: Index of the first sample and values (channels, n) of each.
        per_second: Samples per second of the signal.
        speed: Times faster than that; infinity for as fast as the reader takes them.
        chunk_s: Seconds of signal in a chunk; by default `CHUNK_S`, and `UNPACED_CHUNK_S` at infinite speed.
    """
    if chunk_s is None:
        chunk_s = UNPACED_CHUNK_S if math.isinf(speed) else CHUNK_S
    chunk = max(1, round(chunk_s * per_second))
    begun, sent = time.monotonic(), 0
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        first, values = block
        for start in range(0, values.shape[1], chunk):
            part = values[:, start : start + chunk]
            sent += part.shape[1]
            await asyncio.sleep(max(0.0, begun + sent / (per_second * speed) - time.monotonic()))
            yield Samples(first + start, part)
