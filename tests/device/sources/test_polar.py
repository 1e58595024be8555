from __future__ import annotations

import asyncio

import numpy as np
import pytest

from edgeguard.device.sources import open_source
from edgeguard.device.sources import polar as polar_source
from edgeguard.device.sources.polar import PolarSource
from edgeguard.errors import ConfigError, LinkError, SourceError
from edgeguard.signals.spec import SignalSpec
from firmware_bridge import polar
from tests.firmware_bridge.links.fake_radio import FakeDevice, FakeRadio
from tests.firmware_bridge.test_polar import ALREADY, SETTINGS, SMALL_MTU, STARTED, frame
from tests.firmware_bridge.test_polar_index import RECORDED_NS

SIGNAL = SignalSpec(channels=("ECG",), units="mV", window=130, hop=130, rate_hz=130.0)
STOPPED = bytes.fromhex("f0 03 00 00 00")


class Strap(FakeDevice):
    """Answers each command with the next of its answers."""

    def __init__(self, *answers, charge=93):
        self.answers = list(answers or (SETTINGS, STARTED))
        values = {polar.CONTROL: None, polar.DATA: None, polar.BATTERY: bytes([charge])}
        super().__init__(values, room=229, answer=self._answer)

    def _answer(self, characteristic, data):
        return [(polar.CONTROL, self.answers.pop(0))] if self.answers else []

    def beat(self, number, value=1000, count=73):
        self.notify(polar.DATA, frame([value] * count, RECORDED_NS[number]))


def played(strap, play, signal=SIGNAL, options=""):
    async def run():
        source = PolarSource(f"H10{options}", 1.0, FakeRadio(H10=strap), monotonic=lambda: 0.0)
        try:
            feed = await source.open(signal)
            return await play(source, feed)
        finally:
            await source.close()
            await source.close()

    return asyncio.run(asyncio.wait_for(run(), 10))


async def nothing(source, feed):
    pass


def test_the_ecg_comes_in_the_models_unit_with_its_gaps():
    strap = Strap()

    async def play(source, feed):
        assert (feed.rate_hz, feed.live) == (130, True)
        for number in (0, 1, 4):
            strap.beat(number, value=-1500)
        return [await feed.samples.__anext__() for _ in range(3)]

    chunks = played(strap, play)
    assert [chunk.start for chunk in chunks] == [0, 73, 4 * 73]
    assert chunks[0].values.dtype == np.float32
    np.testing.assert_allclose(chunks[0].values, np.full((1, 73), -1.5), rtol=1e-6)


def test_it_is_asked_started_stopped_and_let_go():
    strap = Strap(SETTINGS, STARTED, STOPPED)
    played(strap, nothing)
    assert [strap.written.get_nowait()[1] for _ in range(3)] == [polar.ASK, polar.START, polar.STOP]
    assert (strap.written.empty(), strap.connected) == (True, False)


def test_one_that_measures_already_is_stopped_first():
    strap = Strap(SETTINGS, ALREADY, STOPPED, STARTED)
    played(strap, nothing)
    assert [strap.written.get_nowait()[1] for _ in range(4)] == [polar.ASK, polar.START, polar.STOP, polar.START]


def test_the_index_goes_on_over_an_outage():
    strap = Strap(SETTINGS, STARTED, SETTINGS, STARTED)

    async def play(source, feed):
        for number in range(3):
            strap.beat(number)
            await feed.samples.__anext__()
        strap.break_off()
        with pytest.raises(LinkError, match="polar:H10 is out of reach, or off the skin for a minute"):
            await feed.samples.__anext__()
        await source.close()
        feed = await source.open(SIGNAL)
        strap.beat(10)
        return (await feed.samples.__anext__()).start

    assert played(strap, play) == 730


def test_what_is_wrong_is_counted():
    strap = Strap()

    async def play(source, feed):
        strap.notify(polar.DATA, b"\x02garbage")
        strap.beat(1)
        strap.beat(1)
        strap.notify(polar.DATA, frame([0], 599616000000000000))
        samples = [await feed.samples.__anext__() for _ in range(2)]
        return len(samples), feed.faults

    assert played(strap, play) == (2, {"malformed frame": 1, "repeated frame": 1, "wearable restarted": 1})


def test_the_battery_is_the_lowest_since_it_was_asked():
    strap = Strap(charge=93)

    async def play(source, feed):
        strap.notify(polar.BATTERY, b"\x5c")
        strap.notify(polar.BATTERY, b"\x5d")
        strap.notify(polar.BATTERY, b"\xff")  # no charge
        return feed.battery(), feed.battery()

    assert played(strap, play) == (0.92, None)


def test_a_strap_that_tells_no_battery_is_read_all_the_same():
    strap = Strap()
    del strap.values[polar.BATTERY]

    async def play(source, feed):
        return feed.battery()

    assert played(strap, play) is None


@pytest.mark.parametrize(
    ("strap", "message"),
    [
        (Strap(SMALL_MTU), "polar:H10 refuses to send its ECG: the connection's MTU is too small"),
        (Strap(SETTINGS, b"\xf0\x02\x00\x0d\x00"), "it is in its charger"),
        (FakeDevice({}), "the device has no characteristic fb005c81"),
    ],
)
def test_a_strap_that_refuses_is_tried_again(strap, message):
    with pytest.raises(LinkError, match=message):
        played(strap, nothing)
    assert not strap.connected


def test_one_that_never_answers_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr(polar_source, "_ANSWER_S", 0.02)
    with pytest.raises(LinkError, match="polar:H10 does not answer: take it off for a minute and try again"):
        played(Strap(STOPPED), nothing)  # no answer to what it was asked


def test_nobody_there_is_a_lost_link():
    (strap := Strap()).there = False
    with pytest.raises(LinkError, match="H10 is not heard"):
        played(strap, nothing)


def test_a_model_of_other_channels_or_units_is_refused_before_the_radio_is_used():
    signal = SignalSpec(channels=("II",), units="mV", window=130, hop=130, rate_hz=130.0)
    with pytest.raises(SourceError, match=r"polar:H10 has no channel 'II' \(there are: ECG\)") as caught:
        played(strap := Strap(), nothing, signal)
    assert (isinstance(caught.value, LinkError), strap.connections) == (False, 0)
    played(strap, nothing, signal, options=",channels=ECG")


def test_it_is_a_source_by_name():
    assert isinstance(open_source("polar:AA:BB:CC:00:11:22"), PolarSource)
    with pytest.raises(ConfigError, match="names no strap: write polar:ADDRESS"):
        open_source("polar:")
