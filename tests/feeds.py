"""Sources played to the end, outside an event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def run_apart(coroutine):
    """What `coroutine` gives, run in a thread of its own: the browser of the page tests has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def samples_of(source, signal, limit=None):
    """The chunks of a source, the first `limit` of them."""

    async def play(feed):
        chunks = []
        async for samples in feed.samples:
            chunks.append(samples)
            if len(chunks) == limit:
                break
        return chunks

    return _opened(source, signal, play)


def values_of(source, signal, limit=None):
    """What the chunks hold, (channels, n)."""
    return np.concatenate([samples.values for samples in samples_of(source, signal, limit)], axis=1)


def feed_of(source, signal):
    """The opened feed itself; its samples are not played."""

    async def look(feed):
        return feed

    return _opened(source, signal, look)


def _opened(source, signal, use):
    async def run():
        try:
            return await use(await source.open(signal))
        finally:
            await source.close()

    return run_apart(run())
