from __future__ import annotations

import asyncio

import pytest

from firmware_bridge.client import Client
from firmware_bridge.errors import LinkDown, RecordingError
from firmware_bridge.links import open_link
from firmware_bridge.listening import listen
from firmware_bridge.session import Block, Restarted
from firmware_bridge.simulator.plug import TcpPlug
from firmware_bridge.simulator.plugged import plugged, wave_wearable


class Log:
    """What was heard, and what was told of the link."""

    def __init__(self):
        self.news, self.told = [], []

    def up(self):
        self.told.append("up")

    def down(self, error, pause_s):
        self.told.append("down")
        assert pause_s > 0

    def samples(self):
        return sum(one.values.shape[1] for one in self.news if isinstance(one, Block))


async def listened(client, log, enough, heed=None):
    """Listen until `enough()`."""
    task = asyncio.ensure_future(listen(client, heed or log.news.append, up=log.up, down=log.down))
    while not enough() and not task.done():
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def listened_to(wearable, enough, plug=None, **run):
    log = Log()

    async def run_it():
        async with plugged(wearable, plug or TcpPlug(), **run) as where:
            client = Client(open_link(where))
            await listened(client, log, lambda: enough(log))
            await asyncio.sleep(0.1)
            return client

    return log, asyncio.run(run_it())


def test_the_wearable_is_started_read_and_stopped():
    wearable = wave_wearable()
    log, client = listened_to(wearable, lambda log: log.samples() > 100)
    assert log.told == ["up"]
    assert client.session.counts.missing == 0
    assert wearable.counts.sent > 100
    assert not wearable.streaming


def test_a_link_that_breaks_off_is_opened_again():
    plug, pulled = TcpPlug(), []

    def enough(log):
        if not pulled and log.samples() > 50:
            plug.pull()
            pulled.append(log.samples())
        return bool(pulled) and log.samples() > pulled[0] + 50

    log, _ = listened_to(wave_wearable(), enough, plug)
    assert log.told == ["up", "down", "up"]


def test_a_wearable_that_was_restarted_is_started_again():
    wearable, plug, restarted = wave_wearable(), TcpPlug(), []

    def enough(log):
        if not restarted and log.samples() > 50:
            wearable.restart(plug.now_s)
            restarted.append(log.samples())
        return bool(restarted) and log.samples() > restarted[0] + 50

    log, client = listened_to(wearable, enough, plug)
    assert any(isinstance(one, Restarted) for one in log.news)
    assert client.session.counts.restarts == 1


def test_nobody_there_at_first_is_an_error():
    with pytest.raises(LinkDown, match="no serial port"):
        asyncio.run(listen(Client(open_link("serial:/dev/nosuch")), print))


def test_an_error_of_whoever_is_told_ends_it():
    def full(_news):
        raise RecordingError("the disk is full")

    async def run_it():
        async with plugged(plug=TcpPlug()) as where:
            await listened(Client(open_link(where)), Log(), lambda: False, full)

    with pytest.raises(RecordingError, match="the disk is full"):
        asyncio.run(run_it())


def test_told_to_end_while_the_link_cannot_be_opened_it_ends():
    async def run_it():
        loop, plug = asyncio.get_running_loop(), TcpPlug()

        async def gone():
            loop.call_later(0, task.cancel)  # as a Ctrl-C that came while the ports were looked through
            raise LinkDown("there is no such port")

        def heed(_news):
            link.open = gone
            plug.pull()

        async with plugged(plug=plug) as where:
            link = open_link(where)
            task = asyncio.ensure_future(listen(Client(link), heed))
            await asyncio.wait({task}, timeout=30)
            return task.cancelled()

    assert asyncio.run(run_it())
