from __future__ import annotations

import asyncio
import socket
import time

import pytest

from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.errors import LinkDown
from firmware_bridge.examination import examine
from firmware_bridge.frames import Action, Command, Hello, Result, Samples
from firmware_bridge.grading import grade
from firmware_bridge.grading.observations import Trial
from firmware_bridge.links import open_link
from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
from firmware_bridge.simulator.plug import TcpPlug
from firmware_bridge.simulator.plugged import plugged, wave_wearable
from tests.firmware_bridge.recorded import command

FAST = 10  # times: the wearable's time and the examiner's

UNTIMED = ("hello", "events", "damaged command", "start", "the same start again", "damaged frames", "restarts")


def fast_s():
    return FAST * time.monotonic()


def examined(seconds=8.0, wearable=None, plug=None, **run):
    async def examine_it():
        async with plugged(wearable or wave_wearable(), plug, speed=FAST, **run) as where:
            return await examine(open_link(where), seconds, monotonic=fast_s)

    return asyncio.run(examine_it())


def kinds_of(seen):
    return {one.about: one.kind for one in grade(seen).findings}


class Strange(asyncio.Protocol):
    """A server that sends `said` and then answers each chunk by `answer`."""

    def __init__(self, said=b"", answer=lambda data: b""):
        self.said, self.answer = said, answer

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.said)

    def data_received(self, data):
        if (reply := self.answer(data)) is None:
            self.transport.abort()
        else:
            self.transport.write(reply)


def strange(*behavior):
    """What is observed of a `Strange` server."""

    async def examine_it():
        server = await asyncio.get_running_loop().create_server(lambda: Strange(*behavior), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await examine(open_link(f"tcp:127.0.0.1:{port}"), 5.0, monotonic=fast_s)

    return asyncio.run(examine_it())


@pytest.mark.parametrize("plug", [None, TcpPlug])
def test_every_command_is_tried_on_a_wearable_and_its_stream_heard(plug):
    seen = examined(plug=plug and plug())
    assert [asked.result for asked in seen.asked.values()] == [
        Result.DONE,
        Result.DONE,
        Result.UNKNOWN_ACTION,
        Result.WRONG_VALUE,
        None,
        Result.DONE,
        Result.DONE,
        Result.NOT_NOW,
        Result.DONE,
    ]
    assert list(seen.asked) == list(Trial)
    assert {kinds_of(seen)[about] for about in UNTIMED} == {"ok"}
    assert sum(frame.count for _, frame in seen.of(Samples)) == pytest.approx(2000, abs=600)
    assert not any(frame.data for _, frame in seen.of(Samples))


def test_a_wearable_that_streams_already_is_stopped_first():
    wearable = wave_wearable()
    wearable.hear(command(Action.START), 0.0)
    assert kinds_of(examined(wearable=wearable))["start"] == "ok"


def test_a_bad_wire_is_graded_poor():
    kinds = kinds_of(examined(8.0, wire=NoisyWire(1, Noise(damage=0.004))))
    assert (kinds["damaged frames"], kinds["gaps"]) == ("wrong", "wrong")


def test_commands_that_are_lost_are_sent_again():
    seen = examined(back=NoisyWire(2, Noise(damage=0.05)))
    assert max(len(asked.sent_s) for asked in seen.asked.values()) > 1


def test_nobody_at_the_other_end():
    seen = strange()
    assert (seen.came, seen.counts.bytes, len(seen.asked)) == ([], 0, 1)
    assert grade(seen).grade == "poor"


def test_rubbish_is_counted():
    seen = strange(b"Booting...\r\nadc: 1234 1240 1239\r\n" * 30)
    assert seen.counts.bytes > 900
    assert "no frame was whole (1 long): check the baud rate" in grade(seen).findings[0].text


def test_an_echo_is_told():
    seen = strange(b"", lambda data: data)
    assert seen.echoed > 0
    assert "switch off the echo" in grade(seen).findings[0].text


def test_a_link_that_breaks_off_is_an_observation():
    def hang_up(data):
        heard = Decoder().feed(data)
        assert isinstance(heard[0], Command)

    seen = strange(b"", hang_up)
    assert "closed" in seen.broke_off or "broke off" in seen.broke_off
    assert grade(seen).findings[0].about == "link"


def test_nobody_there_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(LinkDown, match="nobody listens"):
        asyncio.run(examine(open_link(f"tcp:127.0.0.1:{port}"), 5.0))


def test_the_damaged_command_is_damaged_in_its_crc_alone():
    heard = []

    def listen(data):
        heard.append(data)
        return b""

    async def examine_it():
        async with plugged(speed=FAST) as where:
            link = open_link(where)
            write = link.write
            link.write = lambda data: (listen(data), write(data))[1]
            return await examine(link, 2.0, monotonic=fast_s)

    seen = asyncio.run(examine_it())
    rejected = [one for data in heard for one in Decoder().feed(data) if isinstance(one, Rejected)]
    assert [one.reason for one in rejected] == ["crc"]
    assert seen.of(Hello)
