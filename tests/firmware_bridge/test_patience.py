from __future__ import annotations

import asyncio

import pytest

from firmware_bridge.patience import within


async def answer(after_s=0.0, error=None):
    await asyncio.sleep(after_s)
    if error is not None:
        raise error
    return 7


async def stopped():
    """Cancelled when somebody looks, it answers all the same."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return 7


def waited(patience_s, doing):
    async def wait():
        return await within(patience_s, doing)

    return asyncio.run(wait())


@pytest.mark.parametrize("patience_s", [None, 5.0])
def test_what_comes_in_time_is_given(patience_s):
    assert waited(patience_s, answer()) == 7
    with pytest.raises(OSError, match="broken"):
        waited(patience_s, answer(error=OSError("broken")))


@pytest.mark.parametrize("patience_s", [0.0, 0.01])
def test_what_takes_longer_is_cancelled(patience_s):
    ended = []

    async def slow():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(asyncio.TimeoutError):
        waited(patience_s, slow())
    assert ended == [True]


def test_an_answer_to_being_stopped_counts():
    assert waited(0.01, stopped()) == 7


def test_what_was_cancelled_elsewhere_is_no_timeout():
    async def cancelled():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        waited(5.0, cancelled())


@pytest.mark.parametrize("error", [None, OSError("broken")])
@pytest.mark.parametrize("steps", range(4))
def test_whoever_is_cancelled_while_the_answer_comes_ends(steps, error, caplog):
    """`steps` of the loop later: before the answer, with it, and after it."""

    async def cancel_then():
        answered = asyncio.get_running_loop().create_future()

        async def doing():
            await answered
            return await answer(error=error)

        waiting = asyncio.ensure_future(within(5.0, doing()))
        await asyncio.sleep(0.01)
        answered.set_result(None)
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        return waiting.cancelled()

    assert asyncio.run(cancel_then())
    assert not caplog.records
