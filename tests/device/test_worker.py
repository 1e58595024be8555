from __future__ import annotations

import asyncio
import threading
import time

import pytest

from edgeguard.device import in_loop, worker
from edgeguard.device.config import Alarms, EngineConfig
from edgeguard.device.in_loop import InLoop
from edgeguard.device.samples import StreamCounts
from edgeguard.device.serving import Seen, Serving
from edgeguard.device.worker import Worker
from edgeguard.errors import EngineError
from tests.device.desks import FakeJudge, FakeSink, window


@pytest.fixture
def working():
    """Run a test's coroutine with a desk of a kind, over a serving of three sources that is closed at the end."""

    def run(use, kind=Worker, pause_s=0.0, limit=None, **engine):
        judge, sink = FakeJudge(pause_s), FakeSink()

        async def main():
            counts = {name: StreamCounts() for name in "abc"}
            serving = Serving(judge, [sink], counts, Alarms(), seen=Seen(), limit=limit)
            full = asyncio.Event()
            desk = kind(serving, EngineConfig(**engine), full.set)
            desk.full = full
            result = await use(desk)
            await desk.close()
            return result

        return asyncio.run(main()), judge, sink

    return run


def put_each(desk, count, source="a"):
    for n in range(count):
        desk.put([window(n, source=source)], time.monotonic())


@pytest.mark.parametrize("kind", [Worker, InLoop])
def test_what_was_put_is_judged_in_order_before_it_closes(working, kind):
    async def use(desk):
        for n in range(100):
            desk.put([window(n), window(n, source="b")], time.monotonic())

    _, _, sink = working(use, kind)
    assert [start for source, start, _ in sink.taken if source == "b"] == list(range(100))
    assert (len(sink.taken), sink.closed) == (200, 1)


def test_judging_has_a_thread_of_its_own_or_none(working):
    async def use(desk):
        put_each(desk, 1)

    assert working(use, Worker)[1].threads == {"worker"}
    assert working(use, InLoop)[1].threads == {threading.main_thread().name}


@pytest.mark.parametrize("kind", [Worker, InLoop])
def test_no_batch_is_larger_than_it_may_be(working, kind):
    async def use(desk):
        desk.active = 2
        desk.put([window(n) for n in range(10)], time.monotonic())

    assert working(use, kind, max_batch=4)[1].batches == [4, 4, 2]


def test_windows_of_several_sources_wait_for_one_another(working):
    async def use(desk):
        desk.active = 3
        for source in "abc":
            put_each(desk, 1, source)
            await asyncio.sleep(0.01)
        await desk.call(lambda: None)

    assert working(use, latency_ms=1000.0)[1].batches == [3]


@pytest.mark.parametrize(("active", "latency_ms"), [(1, 1000.0), (3, 30.0)])
def test_no_window_waits_longer_than_it_may(working, active, latency_ms):
    async def use(desk):
        desk.active = active
        put_each(desk, 1)
        await asyncio.sleep(0.3)

    (waited_ms,) = working(use, latency_ms=latency_ms)[2].latencies_ms
    assert waited_ms < 250
    assert (waited_ms >= 30) == (active > 1)


def test_there_is_room_for_so_much_and_it_comes_back(working):
    async def use(desk):
        put_each(desk, 16 * 4)
        full = not desk.has_room
        impatient = await desk.room(0.01)
        return full, impatient, await desk.room(), desk.has_room

    assert working(use, pause_s=0.005, max_batch=4)[0] == (True, False, True, True)


@pytest.mark.parametrize("kind", [Worker, InLoop])
def test_jobs_are_done_in_their_turn_and_say_how_it_went(working, kind):
    async def use(desk):
        put_each(desk, 10)
        advanced = await desk.call(lambda: desk.advanced)
        with pytest.raises(EngineError, match="3 off"):
            await desk.call(refuse)
        return advanced

    def refuse():
        raise EngineError("3 off")

    assert working(use, kind)[0] == 10


def test_a_job_nobody_waits_for_any_more_does_no_harm(working):
    async def use(desk):
        put_each(desk, 3)
        task = asyncio.create_task(desk.call(lambda: None))
        await asyncio.sleep(0)
        task.cancel()
        return await desk.call(lambda: "alive")

    assert working(use, pause_s=0.02, max_batch=1)[0] == "alive"


@pytest.mark.parametrize("kind", [Worker, InLoop])
def test_the_limit_is_told(working, kind):
    async def use(desk):
        put_each(desk, 5)
        await asyncio.wait_for(desk.full.wait(), 5)

    assert len(working(use, kind, limit=3)[2].taken) == 3


@pytest.mark.parametrize("kind", [Worker, InLoop])
def test_sinks_hear_the_seconds_pass(working, kind, monkeypatch):
    for module in (worker, in_loop):
        monkeypatch.setattr(module, "TICK_S", 0.05)

    async def use(desk):
        await asyncio.sleep(0.3)

    assert 3 <= working(use, kind)[2].ticks <= 7


def test_what_the_thread_dies_of_is_raised(working):
    class Died(BaseException):
        pass

    async def use(desk):
        def die():
            raise Died

        desk._queue.put(die)
        with pytest.raises(Died):
            await desk.ended()
        desk.close = desk.ended

    with pytest.raises(Died):
        working(use)
