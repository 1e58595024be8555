from __future__ import annotations

import pytest

from edgeguard.device.config import Alarms
from edgeguard.device.samples import StreamCounts
from edgeguard.device.serving import Arrival, Seen, Serving
from edgeguard.errors import EngineError
from tests.device.desks import FakeJudge, FakeSink, window


@pytest.fixture
def parts():
    """A serving of two sources, its judge and its two sinks."""
    judge, sinks = FakeJudge(), [FakeSink(), FakeSink()]
    counts = {"a": StreamCounts(), "b": StreamCounts()}

    def make(**options):
        settings = Alarms(clear_windows=1, max_per_hour=1)
        return Serving(judge, sinks, counts, settings, seen=Seen(), monotonic=lambda: 10.0, **options)

    return make, judge, sinks, counts


def arrivals(*windows):
    return [Arrival(window, 9.5) for window in windows]


def test_every_verdict_reaches_every_sink_in_order(parts):
    make, judge, sinks, _ = parts
    (serving := make()).take(arrivals(window(0), window(0, source="b"), window(4, rejected="flat"), window(8, 0.9)))
    assert sinks[0].taken == sinks[1].taken == [("a", 0, None), ("b", 0, None), ("a", 4, "flat"), ("a", 8, None)]
    assert (serving.seen, judge.batches, sinks[0].latencies_ms) == (Seen(4, 1, 1), [4], [500.0] * 4)


def test_each_source_has_alarms_of_its_own(parts):
    make, _, sinks, counts = parts
    high = [window(n, 0.9, source) for source in "ab" for n in (0, 4)]
    (serving := make()).take(arrivals(*high, window(8), window(12, 0.9)))
    assert sinks[0].alarms == [("window", True, 0), ("window", True, 0), ("window", False, 8)]
    assert [one.suppressed for one in counts.values()] == [1, 0]  # one an hour
    serving.take(arrivals(window(8, source="b")))
    assert sinks[0].alarms[-1] == ("window", False, 8)


def test_the_limit_is_kept_to_the_window(parts):
    make, _, sinks, _ = parts
    serving = make(limit=3)
    for _ in range(3):
        serving.take(arrivals(window(0), window(4)))
    assert (serving.full, serving.seen.windows, len(sinks[0].taken)) == (True, 3, 3)


def test_windows_on_which_the_engine_fails_are_rejected_and_nothing_advances(parts, caplog):
    make, judge, sinks, _ = parts
    serving, judge.error = make(), EngineError("out of memory")
    serving.take(arrivals(window(0), window(4, rejected="flat")))
    serving.take(arrivals(window(8)))
    assert [reason for *_, reason in sinks[0].taken] == ["engine failed", "flat", "engine failed"]
    assert (serving.advanced, caplog.text.count("out of memory")) == (0, 1)
    judge.error = None
    serving.take(arrivals(window(12)))
    serving.probe()
    assert serving.advanced == 2


def test_a_failing_probe_is_no_advance(parts):
    make, judge, _, _ = parts
    serving, judge.error = make(), EngineError("3 off")
    with pytest.raises(EngineError, match="3 off"):
        serving.probe()
    assert serving.advanced == 0


@pytest.mark.parametrize("do", [lambda s: s.take(arrivals(window(0))), lambda s: s.tick(), lambda s: s.close()])
def test_a_sink_that_fails_does_not_stop_the_others(parts, do, caplog):
    make, _, (bad, good), _ = parts
    serving = make()

    def fail(*_what):
        raise KeyError("a bug")

    bad.put = bad.tick = bad.close = fail
    do(serving)
    assert len(good.taken) + good.ticks + good.closed == 1
    assert "FakeSink failed (KeyError: 'a bug')" in caplog.text


def test_sinks_that_keep_windows_are_given_them_before_their_verdicts(parts):
    make, _, _, _ = parts

    class Keeper(FakeSink):
        def keep(self, window):
            self.taken.append(window.start)

    serving = make()
    serving.judge_with(FakeJudge(), [keeper := Keeper()])
    serving.take(arrivals(window(0), window(4)))
    assert keeper.taken == [0, ("a", 0, None), 4, ("a", 4, None)]


def test_another_judge_takes_over_and_alarms_begin_anew(parts):
    make, old, sinks, _ = parts
    (serving := make()).take(arrivals(window(0, 0.9)))
    serving.judge_with(new := FakeJudge(), sinks)
    serving.take(arrivals(window(4, 0.9)))
    assert (old.batches, new.batches) == ([1], [1])
    assert sinks[0].alarms == [("window", True, 0), ("window", True, 4)]
