from __future__ import annotations

from edgeguard.lab.papers.progress import Ledger


def test_time_left_is_the_work_left_at_the_speed_so_far():
    told, seconds = [], iter([0.0, 10.0, 20.0])
    ledger = Ledger({"a": 30.0, "b": 70.0}, nets=2, tell=told.append, clock=lambda: next(seconds))
    ledger.begin("a", "first")
    ledger.say("begins")
    ledger.spend("a", 20.0)
    ledger.say("goes on")
    ledger.drop("a")  # ended early: ten need not be done
    ledger.say("ended")
    assert [standing.seconds_left for standing in told] == [None, 10 / 20 * 80, 20 / 20 * 70]
    assert [standing.share for standing in told] == [0.0, 0.2, 20 / 90]
    assert told[0].doing == "first: begins"


def test_a_net_that_comes_again_keeps_its_number_and_its_work_is_not_counted_twice():
    told = []
    ledger = Ledger({"a": 5.0, "b": 5.0}, nets=2, tell=told.append)
    for net in ("a", "b", "a"):
        ledger.begin(net, net)
        ledger.say("here")
        ledger.spend(net, 5.0) if len(told) < 3 else ledger.drop(net, 5.0)
    ledger.say("done")
    assert [standing.net for standing in told] == [1, 2, 1, 1]
    assert told[-1].share == 1.0
    assert told[-1].seconds_left == 0.0
