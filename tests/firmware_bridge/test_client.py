import asyncio
import itertools
from contextlib import suppress

import numpy as np
import pytest

from firmware_bridge import client as module
from firmware_bridge.client import Client
from firmware_bridge.decoder import Decoder
from firmware_bridge.errors import LinkDown, RecordingError, WearableError
from firmware_bridge.frames import Ack, Action, Button, Heartbeat, Result
from firmware_bridge.links import open_link
from firmware_bridge.session import Block, Described, Restarted
from firmware_bridge.simulator.plug import PtyPlug
from firmware_bridge.simulator.plugged import plugged, simple_hello
from firmware_bridge.simulator.virtual_wearable import VirtualWearable
from firmware_bridge.wire import encode, framed
from tests.firmware_bridge.sender import Sender

GARBAGE = b"\0" + bytes(range(1, 40)) + b"\0"
FUTURE = framed(b"\2\1" + bytes(20))  # a frame of protocol version 2
TEN_THOUSAND = framed(b"\1\1" + bytes(8) + b"\1a\1b\1\0\0\0\2\x10\x27")  # a hello of 10 000 channels


class QueueLink:
    """A link to a sender that obeys; the first commands, as many as `deaf`, it does not hear."""

    name = "serial:/dev/ttyACM0"

    def __init__(self, sender=None, *, deaf=0, result=Result.DONE):
        self.sender = sender or Sender()
        self.deaf, self.result = deaf, result
        self.commands, self.closed = [], 0
        self.comes = asyncio.Queue()

    async def open(self):
        self.comes = asyncio.Queue()

    async def read(self):
        came = await self.comes.get()
        if isinstance(came, Exception):
            raise came
        return came

    async def write(self, data):
        for command in Decoder().feed(data):
            self.commands.append(command)
            if len(self.commands) > self.deaf:
                self.obey(command)

    async def close(self):
        self.closed += 1

    def obey(self, command):
        if command.action == Action.IDENTIFY:
            self.say(self.sender.hello())
        self.say(Ack(*self.sender.head(), command.id, self.result))

    def say(self, *frames):
        self.comes.put_nowait(b"".join(encode(frame) for frame in frames))

    @property
    def actions(self):
        return [command.action for command in self.commands]


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    monkeypatch.setattr(module, "ANSWER_S", 0.02)
    monkeypatch.setattr(module, "_TICK_S", 0.02)
    monkeypatch.setattr(module, "SILENT_S", 0.1)


def played(play, link=None, **options):
    """What `play(client, link)` returns, once the client was opened."""

    async def run():
        ours = link or QueueLink()
        client = Client(ours, **options)
        await client.open()
        try:
            return await asyncio.wait_for(play(client, ours), 10)
        finally:
            await client.close()

    return asyncio.run(run())


async def until(client, kind, many=1):
    """The news until so many of one kind have come."""
    news, found = [], 0
    async for one in client.news():
        news.append(one)
        found += isinstance(one, kind)
        if found == many:
            return news
    raise AssertionError("news came to an end")


async def to_the_end(client):
    news = []
    try:
        async for one in client.news():
            news.append(one)  # noqa: PERF401 - it ends with an error
    except LinkDown as error:
        return news, str(error)


def test_open_asks_who_is_there_and_starts_nothing():
    async def play(client, link):
        return client.session.hello, link.actions

    hello, actions = played(play, device="eg-01")
    assert (hello.device, actions) == ("eg-01", [Action.IDENTIFY])


def test_whoever_is_hard_of_hearing_is_asked_again_by_new_commands():
    async def play(client, link):
        return [command.id for command in link.commands]

    ids = played(play, QueueLink(deaf=3))
    assert [(number - ids[0]) % 256 for number in ids] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("came", "error", "words"),
    [
        (b"", LinkDown, "is silent: is the wearable switched on"),
        (GARBAGE, WearableError, "bytes that are no frames: is the baud rate right"),
        (FUTURE + GARBAGE, WearableError, "version 2.* knows 1: update edgeguard"),
        (TEN_THOUSAND, WearableError, "10000 channels: 1 to 32 are possible"),
        (encode(Sender().heartbeat()), WearableError, "does not say who it is"),
    ],
    ids=["silence", "garbage", "version 2", "10000 channels", "no hello"],
)
def test_why_a_wearable_cannot_be_opened(came, error, words):
    async def run():
        link = QueueLink(deaf=99)
        opening = asyncio.create_task(Client(link).open())
        await asyncio.sleep(0)
        if came:
            link.comes.put_nowait(came)
        with pytest.raises(error, match=f"^serial:/dev/ttyACM0 .*{words}"):
            await opening
        return link.closed, len(link.commands)

    assert asyncio.run(run()) == (1, module.TRIES)


def test_another_wearable_is_refused():
    with pytest.raises(WearableError, match=r"serial:/dev/ttyACM0 is the wearable 'eg-01', not 'eg-02'"):
        played(None, device="eg-02")


def test_another_wearable_is_refused_when_it_takes_the_place_of_ours():
    async def play(client, link):
        link.say(Sender(boot=9, device="eg-02").hello())
        await to_the_end(client)

    with pytest.raises(WearableError, match="'eg-02', not 'eg-01'"):
        played(play, device="eg-01")


def test_a_command_is_sent_again_under_the_same_id_until_it_is_answered():
    async def play(client, link):
        link.deaf = len(link.commands) + 2
        ack = await client.command(Action.SET_RATE, 500_000)
        return ack, link.commands[1:]

    ack, sent = played(play)
    assert {(command.id, command.action, command.argument) for command in sent} == {(ack.id, 3, 500_000)}
    assert len(sent) == 3


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (Result.UNKNOWN_ACTION, "its firmware does not know how"),
        (Result.WRONG_VALUE, "it cannot"),
        (Result.NOT_NOW, "not now; stop it first"),
        (Result.FAILED, "it tried and failed"),
    ],
)
def test_a_command_that_is_not_done_says_why(result, why):
    async def play(client, link):
        link.result = result
        await client.command(Action.SET_RATE, 512_000)

    with pytest.raises(WearableError, match=f"^serial:/dev/ttyACM0 does not take a rate of 512 Hz: {why}"):
        played(play)


def test_a_command_that_is_never_answered_fails():
    async def play(client, link):
        link.deaf = 99
        with pytest.raises(WearableError, match="does not answer when told 6 times to start"):
            await client.command(Action.START)
        return len(link.commands)

    assert played(play) == 1 + module.TRIES


def test_answers_to_others_are_not_taken_for_ours():
    async def play(client, link):
        link.deaf = 99
        starting = asyncio.create_task(client.command(Action.START))
        await asyncio.sleep(0)
        ours = link.commands[-1].id
        link.say(Ack(*link.sender.head(), (ours + 1) % 256, Result.FAILED), Ack(*link.sender.head(), ours, Result.DONE))
        return (await starting).result

    assert played(play) is Result.DONE


def test_each_command_waits_for_its_own_answer():
    async def play(client, link):
        acks = [await client.command(action) for action in (Action.STOP, Action.START, Action.STOP)]
        return [ack.id for ack in acks], [command.id for command in link.commands[1:]]

    answered, sent = played(play)
    assert answered == sent


def test_nothing_that_comes_while_a_command_waits_is_lost():
    async def play(client, link):
        link.say(link.sender.samples(3))
        await client.command(Action.START)
        link.say(link.sender.samples(4))
        return await until(client, Block, 2)

    news = played(play)
    assert [type(one) for one in news] == [Described, Ack, Block, Ack, Block]
    assert [block.values.shape[1] for block in news if isinstance(block, Block)] == [3, 4]


def test_several_commands_go_out_while_others_listen():
    async def play(client, link):
        listening = asyncio.create_task(until(client, Button))
        await asyncio.gather(client.command(Action.STOP), client.command(Action.START))
        link.say(Button(*link.sender.head(), 1, True))
        return [type(one) for one in await listening], link.actions

    assert played(play) == ([Described, Ack, Ack, Ack, Button], [Action.IDENTIFY, Action.STOP, Action.START])


def test_commands_go_out_from_within_the_news():
    async def play(client, link):
        async for one in client.news():
            if isinstance(one, Described):
                await client.command(Action.START)
                link.say(link.sender.samples())
            if isinstance(one, Block):
                break
        return link.actions

    assert played(play) == [Action.IDENTIFY, Action.START]


def test_a_link_that_breaks_off_ends_the_news_behind_what_was_held_back():
    async def play(client, link):
        first, _, third = (link.sender.samples() for _ in range(3))
        link.say(first, third)
        link.comes.put_nowait(LinkDown("/dev/ttyACM0 is gone"))
        return await to_the_end(client)

    news, why = played(play)
    assert [block.start for block in news if isinstance(block, Block)] == [0, 20]
    assert why == "/dev/ttyACM0 is gone"


@pytest.mark.parametrize("came", [b"", GARBAGE])
def test_a_link_that_brings_no_frames_is_down(came):
    async def play(client, link):
        async def rustle():
            while True:
                link.comes.put_nowait(came)
                await asyncio.sleep(0.01)

        rustling = asyncio.create_task(rustle() if came else asyncio.sleep(0))
        try:
            return await to_the_end(client)
        finally:
            rustling.cancel()

    assert "sends no frames for" in played(play)[1]


def test_heartbeats_keep_a_link_up():
    async def play(client, link):
        async def beat():
            for _ in range(20):
                link.say(link.sender.heartbeat(streaming=False))
                await asyncio.sleep(0.015)
            link.comes.put_nowait(LinkDown("over"))

        beating = asyncio.create_task(beat())
        news, why = await to_the_end(client)
        await beating
        return [type(one) for one in news].count(Heartbeat), why

    assert played(play) == (20, "over")


def test_a_wearable_that_was_restarted_is_asked_who_it_is():
    async def play(client, link):
        await until(client, Ack)
        link.sender = Sender(boot=99)
        link.say(link.sender.samples())
        await until(client, Described)
        link.say(link.sender.samples())
        await until(client, Block)
        return link.actions, client.session.counts.restarts

    assert played(play) == ([Action.IDENTIFY, Action.IDENTIFY], 1)


def test_who_gives_up_waiting_loses_nothing():
    async def play(client, link):
        await until(client, Ack)
        for _ in range(5):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(until(client, Block), 0.01)
            link.say(link.sender.heartbeat())
        link.say(link.sender.samples())
        await until(client, Block)
        return client.session.counts.samples, client.session.counts.lost_frames

    assert played(play) == (10, 0)


def test_what_nobody_reads_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "UNREAD", 5)

    async def play(client, link):
        link.say(*(link.sender.samples() for _ in range(20)))
        await client.command(Action.START)
        return [one.start for one in await until(client, Ack) if isinstance(one, Block)]

    assert played(play) == [160, 170, 180, 190]


def test_the_link_may_be_opened_again_and_indices_go_on():
    async def play(client, link):
        link.say(link.sender.samples())
        await until(client, Block)
        await client.close()
        link.sender.skip(4)
        await client.open()
        link.say(link.sender.samples())
        return (await until(client, Block))[-1].start, client.session.counts.missing

    assert played(play) == (50, 40)


def test_closing_ends_the_news_and_is_harmless_at_any_time():
    async def run():
        link = QueueLink()
        client = Client(link)
        await client.close()
        await client.open()
        listening = asyncio.create_task(to_the_end(client))
        await asyncio.sleep(0.01)
        await client.close()
        await client.close()
        return (await listening)[1], await to_the_end(client), link.closed

    why, again, closed = asyncio.run(run())
    assert (why, again, closed) == ("serial:/dev/ttyACM0 is closed", ([], why), 3)


def test_an_opening_that_is_given_up_closes_the_link():
    async def run():
        link = QueueLink(deaf=99)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(Client(link).open(), 0.01)
        return link.closed

    assert asyncio.run(run()) == 1


def test_a_recorder_is_given_all_bytes_and_may_fail():
    taken = []

    def take(came):
        taken.append(came)
        if b"full" in came.data:
            raise RecordingError("the disk is full")

    async def play(client, link):
        link.comes.put_nowait(GARBAGE)
        link.comes.put_nowait(b"full")
        await until(client, Restarted)

    with pytest.raises(RecordingError, match="disk is full"):
        played(play, on_bytes=take, monotonic=lambda: 7.0)
    assert [came.data for came in taken][-2:] == [GARBAGE, b"full"]
    assert {came.host_s for came in taken} == {7.0}


def counting():
    """A signal of one channel that counts from 0 on, modulo 1000."""
    taken = itertools.count()
    return lambda many: np.array([[next(taken) % 1000 for _ in range(many)]], np.float32)


def test_a_virtual_wearable_at_a_serial_port_is_read_over_a_restart_and_a_new_opening(monkeypatch):
    monkeypatch.undo()  # it is not that fast

    async def run():
        wearable, plug = VirtualWearable(simple_hello("eg-01", rate_hz=1000), counting()), PtyPlug()
        async with plugged(wearable, plug) as address:
            client = Client(open_link(address), device="eg-01")
            await client.open()
            await client.command(Action.START)
            blocks = [one for one in await until(client, Block, 3) if isinstance(one, Block)]
            wearable.restart(plug.now_s)
            await until(client, Restarted)
            await until(client, Described)
            await client.close()
            await client.open()
            await client.command(Action.START)
            await until(client, Block)
            await client.command(Action.STOP)
            await client.close()
        return blocks, client.session.counts

    blocks, counts = asyncio.run(run())
    values = np.concatenate([block.values[0] for block in blocks])
    assert values.tolist() == list(range(len(values)))
    assert (counts.restarts, counts.unscaled) == (1, 0)
