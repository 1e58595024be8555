from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import numpy as np
import pytest

from edgeguard.device import supervision
from edgeguard.device.samples import Feed, Samples, StreamCounts
from edgeguard.device.supervision import Supervisor
from edgeguard.errors import LinkError, SourceError
from edgeguard.signals.spec import SignalSpec

SIGNAL = SignalSpec(channels=("ECG",), units="mV", window=10, hop=10, rate_hz=100.0)


def chunk(start, n=10, value=0.5):
    return Samples(start, np.full((1, n), value, dtype=np.float32))


class FakeSource:
    """Plays one list of steps for each time that it is opened: chunks, pauses in seconds, errors."""

    def __init__(self, *plays, live=True, rate_hz=100.0):
        self.plays, self.live, self.rate_hz = list(plays), live, rate_hz
        self.opened, self.closed, self.faults, self.charges = 0, 0, Counter(), []

    async def open(self, signal):
        self.opened += 1
        steps = self.plays.pop(0) if self.plays else [3600.0]
        if steps and isinstance(steps[0], Exception):
            raise steps[0]
        return Feed(self.rate_hz, self._play(steps), self.live, self.faults, battery=self._charge)

    def _charge(self):
        return self.charges.pop(0) if self.charges else None

    async def _play(self, steps):
        for step in steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step

    async def close(self):
        self.closed += 1


class FakeDesk:
    def __init__(self):
        self.active, self.windows, self.has_room = 0, [], True

    async def room(self, patience_s=None):
        await asyncio.sleep(0)
        self.has_room = patience_s is None
        return self.has_room

    def put(self, windows, arrived_s):
        self.windows += windows


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture(autouse=True)
def in_haste(monkeypatch):
    monkeypatch.setattr(supervision, "_PAUSE_S", (0.001, 0.002))


@pytest.fixture
def played():
    """Run a source under supervision for a while, or until a recording ends; what came of it."""

    def play(source, seconds=0.2, desk=None, then=lambda supervisor: None, clock=None):
        counts, desk = StreamCounts(), desk or FakeDesk()

        async def run():
            options = {"monotonic": clock} if clock else {}
            supervisor = Supervisor("wrist", source, SIGNAL, desk, counts, **options)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(supervisor.run(), seconds)
            then(supervisor)

        asyncio.run(run())
        return desk.windows, counts

    return play


def starts(windows):
    return [window.start for window in windows]


def test_a_recording_is_played_once(played):
    windows, counts = played(source := FakeSource([chunk(0), chunk(10)], live=False), seconds=10)
    assert (starts(windows), {window.source for window in windows}) == ([0, 10], {"wrist"})
    assert (source.opened, source.closed, counts) == (1, 1, StreamCounts())


@pytest.mark.parametrize("error", [SourceError("cut short"), ValueError("a bug")])
def test_a_recording_that_breaks_off_is_reported(played, error):
    with pytest.raises(type(error), match=str(error)):
        played(source := FakeSource([chunk(0), error], live=False))
    assert source.closed == 1


@pytest.mark.parametrize("end", [[], [SourceError("unplugged")], [LinkError("unplugged")]])
def test_a_live_source_that_ends_or_breaks_off_is_opened_again(played, end, caplog):
    windows, counts = played(source := FakeSource([chunk(0), *end], [chunk(10), 3600.0]))
    assert (starts(windows), source.opened, source.closed) == ([0, 10], 2, 2)
    assert counts.faults == {"link lost": 1}
    assert [record.message[:17] for record in caplog.records if record.levelname == "WARNING"] == ["wrist: link lost:"]


def test_an_outage_is_counted_once_however_often_it_is_tried(played):
    refused = [[LinkError("nobody there")]] * 5
    windows, counts = played(source := FakeSource(*refused, [chunk(0), 3600.0]))
    assert (starts(windows), source.opened, counts.faults) == ([0], 6, {"link lost": 1})


def test_an_unexpected_error_is_counted_logged_with_its_type_and_tried_again(played, caplog):
    windows, counts = played(FakeSource([chunk(0), ZeroDivisionError("oops")], [chunk(10), 3600.0]))
    assert (starts(windows), counts.faults) == ([0, 10], {"source failed": 1})
    assert "wrist: source failed: ZeroDivisionError: oops" in caplog.text


@pytest.mark.parametrize(
    "bad",
    [
        Samples(0, np.zeros((2, 10), np.float32)),
        Samples(0, np.zeros(10, np.float32)),
        Samples(0, np.zeros((1, 10), np.float64)),
        Samples(0, np.zeros((1, 10), object)),
        Samples(-1, np.zeros((1, 10), np.float32)),
        Samples(0.5, np.zeros((1, 10), np.float32)),
        Samples(0, [[0.0] * 10]),
        Samples(0, None),
    ],
)
def test_a_chunk_that_is_none_is_counted_and_passed_over(played, bad):
    windows, counts = played(FakeSource([bad, chunk(0), bad, chunk(10)], live=False))
    assert (starts(windows), counts.faults) == ([0, 10], {"malformed chunk": 2})


def test_gaps_and_repeats_are_counted_over_all_feeds(played):
    first = [chunk(0), chunk(5), chunk(30)]
    windows, counts = played(FakeSource(first, [chunk(50), chunk(100), 3600.0]))
    assert (counts.gaps, counts.missing_samples, counts.repeated_samples) == (3, 15 + 10 + 40, 5)
    assert starts(windows) == [0, 30, 50, 100]


def test_another_rate_after_an_outage_begins_another_stream(played):
    class Slower(FakeSource):
        async def open(self, signal):
            self.rate_hz = 100.0 / (1 + self.opened)
            return await super().open(signal)

    windows, counts = played(Slower([chunk(0), chunk(10)], [chunk(0, 100), 3600.0]))
    assert {window.values.shape[1] for window in windows} == {10}
    assert starts(windows)[:6] == [0, 10, 0, 5, 10, 15]  # ten samples of the model are five of the source
    assert (counts.gaps, counts.repeated_samples) == (0, 0)


def test_faults_that_a_source_counts_are_reported(played):
    source = FakeSource([chunk(0), 3600.0])
    source.faults["malformed line"] = 3
    assert played(source)[1].faults == {"malformed line": 3}


@pytest.mark.parametrize(
    ("steps", "seconds", "battery"),
    [([3600.0], 60.0, 0.8), ([LinkError("it went out")], 1.0, 0.8), ([LinkError("it went out")], 6.0, None)],
)
def test_the_charge_that_a_source_told_last_holds_until_its_link_is_lost_for_a_while(played, steps, seconds, battery):
    source, clock = FakeSource([chunk(0), *steps]), Clock()
    source.charges = [0.8, None]
    assert played(source, then=lambda supervisor: supervisor.look(seconds), clock=clock)[1].battery == battery


@pytest.mark.parametrize("charge", [1.5, -0.1, float("nan")])
def test_a_charge_that_is_none_is_counted_and_passed_over(played, charge):
    source = FakeSource([chunk(0)], live=False)
    source.charges = [charge]
    counts = played(source)[1]
    assert (counts.battery, counts.faults) == (None, {"malformed charge": 1})


def test_an_index_that_begins_again_is_followed(played):
    later = 100 * 3600
    windows, counts = played(FakeSource([chunk(later), chunk(0), chunk(10)], live=False))
    assert (starts(windows), counts.faults, counts.repeated_samples) == ([later, 0, 10], {"index restarted": 1}, 0)


def timed(clock, rate_hz, seconds):
    """Chunks of a quarter second of a source that says 100 Hz; the clock goes with them."""

    async def play(_self, _steps):
        for n in range(int(4 * seconds)):
            clock.now_s += 0.25
            yield chunk(n * rate_hz // 4, rate_hz // 4)
            await asyncio.sleep(0)
        await asyncio.sleep(3600)

    return type("Timed", (FakeSource,), {"_play": play})([])


@pytest.mark.parametrize("rate_hz", [200, 80])
def test_windows_of_a_wrong_rate_are_rejected_and_the_fault_is_counted_once(played, rate_hz):
    clock = Clock()
    windows, counts = played(timed(clock, rate_hz, seconds=120), clock=clock)
    assert counts.faults == {"wrong rate": 1}
    assert windows[0].rejected is None
    assert {window.rejected for window in windows[-50:]} == {"wrong rate"}


def test_the_right_rate_is_no_fault(played):
    clock = Clock()
    windows, counts = played(timed(clock, 100, seconds=120), clock=clock)
    assert (len(windows), counts.faults) == (1200, {})


def test_silence_is_counted_once_until_samples_come_again(played):
    clock = Clock()

    def look_on(supervisor):
        for clock.now_s in (4.0, 6.0, 7.0, 60.0):
            supervisor.look(clock.now_s)

    assert played(FakeSource([chunk(0), 3600.0]), then=look_on, clock=clock)[1].faults == {"silent": 1}


def test_a_live_source_that_overruns_loses_samples_and_a_recording_waits(played):
    for live, faults, found in [(True, {"overrun": 2}, [20]), (False, {}, [0, 10, 20])]:
        desk = FakeDesk()
        desk.has_room = False
        source = FakeSource([chunk(0), chunk(10), 0.05, chunk(20)], live=live)

        async def room_soon(patience_s=None, desk=desk):
            desk.tries = getattr(desk, "tries", 0) + 1
            desk.has_room = patience_s is None or desk.tries == 2
            return patience_s is None

        desk.room = room_soon
        windows, counts = played(source, desk=desk)
        assert (starts(windows), counts.faults["overrun"]) == (found, faults.get("overrun", 0))


def test_other_windows_are_cut_from_the_next_sample_on(played):
    other = SignalSpec(channels=("ECG",), units="mV", window=5, hop=5, rate_hz=100.0)
    supervisors = []

    class Changing(FakeSource):
        async def _play(self, steps):
            yield chunk(0, 12)
            supervisors[0].take_up(other)
            yield chunk(12, 10)

    desk = FakeDesk()

    async def run():
        supervisors.append(Supervisor("wrist", Changing([], live=False), SIGNAL, desk, StreamCounts()))
        await supervisors[0].run()

    asyncio.run(run())
    assert [(window.start, window.values.shape[1]) for window in desk.windows] == [(0, 10), (12, 5), (17, 5)]
