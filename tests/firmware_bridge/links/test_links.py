"""What every link does, tried with each of them."""

from __future__ import annotations

import asyncio
import random

import pytest

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.links import open_link
from tests.firmware_bridge.links.peers import PEERS


@pytest.fixture(params=PEERS)
def played(request, tmp_path):
    """Run a test's coroutine with an unopened link and its other end."""

    def play(test):
        async def run():
            peer = PEERS[request.param](tmp_path)
            link = await peer.appear()
            try:
                await test(link, peer)
            finally:
                await link.close()
                await peer.leave()

        asyncio.run(asyncio.wait_for(run(), 20))

    return play


async def turns():
    """Let all that is ready happen."""
    for _ in range(20):
        await asyncio.sleep(0)


async def keep_writing(link):
    """TCP learns that the other end is gone with its answer to the first bytes."""
    while True:
        await link.write(b"?")
        await asyncio.sleep(0.001)


class TestEveryLink:
    def test_bytes_go_both_ways_unchanged(self, played):
        every_byte = bytes(range(256))

        async def test(link, peer):
            await link.open()
            await peer.say(every_byte)
            heard = b""
            while len(heard) < 256:
                heard += await link.read()
            await link.write(every_byte)
            assert (heard, await peer.hear(256)) == (every_byte, every_byte)

        played(test)

    def test_a_read_that_is_cancelled_loses_nothing(self, played):
        async def test(link, peer):
            await link.open()
            reading = asyncio.create_task(link.read())
            await turns()
            reading.cancel()
            await asyncio.wait([reading])
            await peer.say(b"later")
            assert (reading.cancelled(), await link.read()) == (True, b"later")

        played(test)

    def test_what_came_before_the_break_is_read_and_then_it_is_down(self, played):
        async def test(link, peer):
            await link.open()
            await peer.say(b"last")
            assert await link.read() == b"last"
            reading = asyncio.create_task(link.read())
            await turns()
            await peer.vanish()
            with pytest.raises(LinkDown, match=r"vanished|closed by the other end|out of reach"):
                await reading
            with pytest.raises(LinkDown):
                await link.read()

        played(test)

    def test_it_can_be_opened_again_when_the_wearable_is_back(self, played):
        async def test(link, peer):
            await link.open()
            await peer.say(b"1")
            await link.read()
            await peer.vanish()
            await link.close()
            with pytest.raises(LinkDown):
                await link.open()
            await peer.appear()
            await link.open()
            await peer.say(b"again")
            assert await link.read() == b"again"

        played(test)

    def test_writing_to_a_wearable_that_is_gone_is_down(self, played):
        async def test(link, peer):
            await link.open()
            await peer.vanish()
            with pytest.raises(LinkDown):
                await keep_writing(link)

        played(test)

    def test_much_is_written_at_the_pace_of_the_other_end(self, played):
        async def test(link, peer):
            much = random.Random(0).randbytes(peer.much)
            await link.open()
            peer.dawdle()
            writing = asyncio.create_task(link.write(much))
            await turns()
            assert not writing.done()
            assert await peer.hear(len(much)) == much
            await writing

        played(test)

    def test_closing_ends_a_read_and_may_be_done_twice(self, played):
        async def test(link, peer):
            await link.open()
            reading = asyncio.create_task(link.read())
            await turns()
            await link.close()
            await link.close()
            with pytest.raises(LinkDown, match="closed"):
                await reading

        played(test)

    def test_a_link_that_is_closed_says_so(self, played):
        async def test(link, peer):
            for use in (link.read(), link.write(b"x")):
                with pytest.raises(LinkDown, match=f"{link.name} is closed"):
                    await use

        played(test)

    def test_nothing_is_written_in_no_bytes(self, played):
        async def test(link, peer):
            await link.open()
            await link.write(b"")
            await link.write(b"x")
            assert await peer.hear(1) == b"x"

        played(test)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("usb:1", r"'usb:1' is no link: write serial:PATH, tcp:HOST:PORT or ble:NAME"),
        ("/dev/ttyACM0", "is no link"),
        ("serial:", "names no port: write serial:PATH"),
        ("serial:/dev/ttyACM0,baud=fast", "names no port"),
        ("serial:/dev/ttyACM0,baud=0", "names no port"),
        ("tcp:host", "'host' is no address: write tcp:HOST:PORT"),
        ("tcp:host:65536", "is no address"),
        ("tcp:::1:80", r"or tcp:\[::1\]:PORT with IPv6"),
        ("ble:", "names no wearable: write ble:NAME or ble:ADDRESS"),
    ],
)
def test_a_text_that_names_no_link_is_refused(text, message):
    with pytest.raises(LinkRefused, match=message):
        open_link(text)
