"""The Python end, listening to a wearable whose n-th sample of channel c is (37 n + 1000 c) mod 20011 - 10000 steps."""

from __future__ import annotations

import numpy as np

from firmware_bridge.client import Client
from firmware_bridge.frames import Action
from firmware_bridge.links import open_link
from firmware_bridge.session import Block


async def listened(client, samples):
    """What comes until so many samples came."""
    heard = []
    async for news in client.news():
        heard.append(news)
        if client.session.counts.samples >= samples:
            return heard
    return heard


async def streamed(path, samples, rate_hz=None):
    """The client, and all that it heard, of a wearable that was started and stopped."""
    client = Client(open_link(f"serial:{path}"))
    await client.open()
    if rate_hz:
        await client.command(Action.SET_RATE, rate_hz * 1000)
    await client.command(Action.START)
    heard = await listened(client, samples)
    await client.command(Action.STOP)
    await client.close()
    return client, heard + client.session.flush()


def numbers_of(heard):
    """Per block, index of its first sample and its numbers (channels, n), before they were scaled."""
    blocks = [one for one in heard if isinstance(one, Block)]
    return [(one.start, np.rint(one.values / one.hello.channels[0].resolution).astype(int)) for one in blocks]


def is_the_signal(heard):
    """Whether each sample of each channel is the one of its index."""
    numbers = numbers_of(heard)
    start, first = numbers[0]
    offset = next(n for n in range(20011) if 37 * n % 20011 == first[0, 0] + 10000) - start
    for begin, values in numbers:
        counted = 37 * (begin + offset + np.arange(values.shape[1]))
        steps = 1000 * np.arange(len(values))[:, None]
        np.testing.assert_array_equal(values, (counted + steps) % 20011 - 10000)
