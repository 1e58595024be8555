from __future__ import annotations

import asyncio
import math
import time

import numpy as np
import pytest

from edgeguard.device.sources.pacing import paced


def ramp(n, first=0):
    return first, np.arange(first, first + n, dtype=np.float32)[None]


def played(blocks, per_second=128.0, speed=math.inf, chunk_s=None, pause_s=0.0):
    """The chunks, each with the time since the start at which it came; the reader takes `pause_s` over the first."""

    async def play():
        begun, parts = time.monotonic(), []
        async for part in paced(iter(blocks), per_second, speed, chunk_s):
            parts.append((part, time.monotonic() - begun))
            await asyncio.sleep(pause_s if len(parts) == 1 else 0)
        return parts

    return asyncio.run(play())


@pytest.mark.parametrize(("speed", "chunk"), [(1000, 32), (math.inf, 512)])
def test_chunks_are_numbered_and_nothing_is_lost(speed, chunk):
    parts = [part for part, _ in played([ramp(700), ramp(500, first=700)], speed=speed)]
    assert max(part.values.shape[1] for part in parts) == chunk
    assert all(part.start == part.values[0, 0] for part in parts)
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts], axis=1), ramp(1200)[1])


def test_the_numbering_of_the_blocks_is_kept():
    parts = [part for part, _ in played([ramp(10, first=5), ramp(10, first=100)])]
    assert [part.start for part in parts] == [5, 100]


def test_samples_come_when_they_are_due():
    parts = played([ramp(256)], speed=10)
    for part, when in parts:
        due = (part.start + part.values.shape[1]) / 1280
        assert due <= when < due + 0.5


def test_a_slow_reader_is_caught_up_with():
    assert 0.2 <= played([ramp(256)], speed=10, pause_s=0.15)[-1][1] < 0.2 + 0.12


def test_others_have_their_turn_while_a_block_is_made():
    turns = []

    def slow_blocks():
        time.sleep(0.1)
        yield ramp(10)

    async def count():
        while True:
            turns.append(1)
            await asyncio.sleep(0.005)

    async def play():
        counting = asyncio.create_task(count())
        chunks = [part async for part in paced(slow_blocks(), 128.0, math.inf)]
        counting.cancel()
        return chunks

    assert len(asyncio.run(play())) == 1
    assert len(turns) >= 5
