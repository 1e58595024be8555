from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as replace_struct

from edgeguard.device.samples import Samples
from edgeguard.device.sources import open_source
from edgeguard.device.stream import Stream
from edgeguard.errors import ConfigError, LinkError, SourceError
from edgeguard.signals.quality import NOT_FINITE
from edgeguard.signals.spec import QualitySpec, SignalSpec
from firmware_bridge.coding import data_of
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Ack, Action, Coding, Heartbeat, Hello, Leads, Result
from firmware_bridge.frames import Samples as SampleFrame
from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
from firmware_bridge.simulator.plug import TcpPlug
from firmware_bridge.simulator.plugged import plugged, simple_hello, wave_wearable
from firmware_bridge.simulator.virtual_wearable import Mishaps
from firmware_bridge.wire import encode

SIGNAL = SignalSpec(channels=("V5", "II"), units="mV", window=50, hop=50, rate_hz=250.0)
HELLO = simple_hello("chest-1", channels=("II", "V5", "resp"))


@asynccontextmanager
async def opened(address, options="", signal=SIGNAL):
    """A source and its feed."""
    source = open_source(address + options, speed=20.0)
    try:
        yield source, await source.open(signal)
    finally:
        await source.close()


async def heard(feed, chunks=5):
    """What the next `chunks` of a feed hold: where it begins, and (channels, n)."""
    found = [await asyncio.wait_for(feed.samples.__anext__(), 10) for _ in range(chunks)]
    return found[0].start, np.concatenate([samples.values for samples in found], axis=1)


def playing(play, wearable=None, **run):
    """What `play` gives for the address of a virtual wearable on a TCP port, 20 times faster than real time."""

    async def main():
        async with plugged(wearable or wave_wearable(HELLO), TcpPlug(), **{"speed": 20.0, **run}) as address:
            return await play(address)

    return asyncio.run(main())


def test_channels_and_units_are_the_models():
    async def play(address):
        async with opened(address) as (_, feed):
            assert (feed.rate_hz, feed.live, feed.speed) == (250.0, True, 20.0)
            return await heard(feed)

    _, values = playing(play)
    assert (values.dtype, len(values)) == (np.float32, 2)
    assert np.abs(values).max() == pytest.approx(1.0, abs=0.01)  # 1000 uV


def test_channels_may_be_chosen():
    async def play(address):
        async with opened(address, ",channels=resp+II") as (_, feed):
            return len((await heard(feed))[1])

    assert playing(play) == 2


@pytest.mark.parametrize(
    ("options", "hello", "message"),
    [
        (",device=other", HELLO, "other"),
        ("", simple_hello("chest-1"), r"chest-1 at tcp:.* has no channel 'V5' \(there are: ECG\)"),
        ("", simple_hello("chest-1", channels=("II", "V5"), unit="bpm"), "is in 'bpm', not in the model's 'mV'"),
    ],
)
def test_a_wearable_that_does_not_fit_is_refused_until_someone_changes_something(options, hello, message):
    async def play(address):
        async with opened(address, options):
            pass

    wearable = wave_wearable(hello)
    with pytest.raises(LinkError, match=message) as found:
        playing(play, wearable)
    assert type(found.value.__cause__) is SourceError
    assert not wearable.streaming


def test_nobody_there_is_a_lost_link():
    async def play(address):
        async with opened("tcp:127.0.0.1:1"):
            pass

    with pytest.raises(LinkError) as found:
        playing(play)
    assert not isinstance(found.value.__cause__, SourceError)


def test_a_word_that_names_no_link_is_a_wrong_config():
    for text in ("serial:", "tcp:nowhere", "serial:/dev/ttyACM0,bauds=9"):
        with pytest.raises(ConfigError):
            open_source(text)


def test_the_wearable_is_stopped_at_the_end_and_goes_on_counting_when_it_is_opened_again():
    wearable = wave_wearable(HELLO)

    async def play(address):
        source, ends = open_source(address), []
        for _ in range(2):
            feed = await source.open(SIGNAL)
            ends.append(await heard(feed))
            await source.close()
            assert not wearable.streaming
        return ends

    (first, values), (second, _) = playing(play, wearable)
    assert second >= first + values.shape[1]


def test_the_battery_is_told_when_it_changes():
    async def play(address):
        async with opened(address) as (_, feed):
            await heard(feed)
            return feed.battery(), feed.battery()

    assert playing(play, wave_wearable(HELLO, battery=0.4)) == (0.4, None)


def test_a_wearable_that_is_restarted_is_started_again():
    async def play(address):
        async with opened(address) as (_, feed):
            while not feed.faults["wearable restarted"]:
                before, _ = await heard(feed, 1)
            return before, (await heard(feed))[0]

    before, after = playing(play, wave_wearable(HELLO, mishaps=Mishaps(restart_every_s=10.0)))
    assert after > before


def test_what_the_wire_damages_is_counted_as_a_fault():
    async def play(address):
        async with opened(address) as (_, feed):
            await heard(feed, 100)
            return feed.faults

    faults = playing(play, wire=NoisyWire(1, Noise(damage=0.001)))
    assert faults["CRC error"] + faults["broken frame"] > 0
    assert faults["lost frame"] > 0


def test_a_second_wearable_of_the_same_id_is_refused_as_long_as_the_first_is_there():
    async def play(address):
        async with plugged(wave_wearable(HELLO), TcpPlug()) as other:
            async with opened(address):
                with pytest.raises(
                    LinkError, match=f"calls itself 'chest-1', and so does the one at {address}"
                ) as found:
                    async with opened(other):
                        pass
            async with opened(other) as (_, feed):
                await heard(feed)
            return found.value.__cause__

    assert type(playing(play)) is SourceError


class Puppet:
    """A wearable that sends what it is told to, answers commands, and does nothing of itself."""

    streaming = True
    later_s = 0.0  # by which its clock has gone on

    def __init__(self, hello=HELLO, result=Result.DONE):
        self.hello, self.result, self.heard = hello, result, []
        self._said, self._sequence, self._index, self._decoder = b"", {}, 0, Decoder()

    def clock_s(self):
        return time.monotonic()

    def say(self, kind, *values, boot=1):
        self._sequence[boot] = self._sequence.get(boot, -1) + 1
        clock_us = int(1e6 * (self.clock_s() + self.later_s)) % 2**32
        self._said += encode(kind(boot, self._sequence[boot], clock_us, *values))

    def say_hello(self, hello=None, boot=1):
        hello = hello or self.hello
        self.say(Hello, hello.device, hello.firmware, hello.rate_mhz, hello.width, hello.channels, boot=boot)

    def say_samples(self, n, boot=1):
        values = np.arange(3 * n, dtype=np.int32).reshape(3, n)
        self.say(SampleFrame, self._index, Coding.PACKED16, 3, n, data_of(values, Coding.PACKED16), boot=boot)
        self._index += n

    def hear(self, data, now_s):
        for frame in self._decoder.feed(data):
            self.heard.append(frame.action)
            if frame.action in (Action.IDENTIFY, Action.START):
                self.say_hello()
            self.say(Ack, frame.id, self.result if frame.action == Action.START else Result.DONE)

    def speak(self, now_s):
        said, self._said = self._said, b""
        return said


def with_puppet(play, puppet=None, signal=SIGNAL):
    """What `play` gives for an opened feed and the puppet that it is of."""
    puppet = puppet or Puppet()

    async def open_and_play(address):
        async with opened(address, signal=signal) as (_, feed):
            return await play(feed, puppet)

    return playing(open_and_play, puppet, speed=1.0)


def test_windows_of_a_lead_that_is_off_are_rejected_as_not_finite_and_it_is_counted():
    async def play(feed, puppet):
        puppet.say_samples(30)
        puppet.say(Leads, 0b101)  # II and resp; the model takes II and V5
        for _ in range(4):
            puppet.say_samples(30)
        _, values = await heard(feed)
        return values, feed.faults

    values, faults = with_puppet(play)
    assert np.isfinite(values[0]).all()
    assert np.isnan(values[1]).tolist() == [False] * 30 + [True] * 120
    assert faults == {"lead off": 1}
    windows = Stream(replace_struct(SIGNAL, quality=QualitySpec(flat=0.01)), 250.0).feed(Samples(0, values))
    assert [window.rejected for window in windows] == [NOT_FINITE] * 3


def test_a_wearable_that_says_otherwise_what_it_sends_is_opened_anew():
    async def play(feed, puppet):
        puppet.say_hello(replace(HELLO, rate_mhz=500_000))
        puppet.say_samples(30)
        await heard(feed, 1)

    with pytest.raises(LinkError, match=r"sends II\+V5\+resp at 500 Hz from now on: it is opened anew"):
        with_puppet(play)


def test_a_wearable_that_says_that_it_does_not_stream_is_started():
    async def play(feed, puppet):
        puppet.say_samples(30)
        puppet.say(Heartbeat, 30, 0, False)
        while puppet.heard.count(Action.START) < 2:
            puppet.say_samples(30)
            await heard(feed, 1)

    with_puppet(play)


@pytest.mark.parametrize("later_s", [0.0, -1.0])
def test_what_it_said_before_it_was_started_does_not_count(later_s, monkeypatch):
    monkeypatch.setattr(Puppet, "clock_s", lambda _self: 5.0)

    async def play(feed, puppet):
        puppet.later_s = later_s
        puppet.say(Heartbeat, 0, 0, False)
        puppet.say_samples(30)
        await heard(feed, 1)
        return puppet.heard.count(Action.START)

    assert with_puppet(play) == 1


def test_a_wearable_that_does_not_start_says_why():
    with pytest.raises(LinkError, match="does not start: not now") as found:
        with_puppet(None, Puppet(result=Result.NOT_NOW))
    assert type(found.value.__cause__) is SourceError


def test_two_wearables_on_one_wire_are_said_to_be_so(caplog):
    async def play(feed, puppet):
        for boot in (1, 2, 1, 2, 1, 2):
            puppet.say_hello(boot=boot)
            puppet.say_samples(30, boot)
            puppet.later_s += 2.0
        await heard(feed, 4)  # of 1, of 2, and then of 1 alone
        return feed.faults, puppet.heard.count(Action.START)

    faults, starts = with_puppet(play)
    assert faults["frame of a second wearable"] > 0
    assert starts == 1
    assert caplog.text.count("two wearables speak on it") == 1
