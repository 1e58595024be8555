from __future__ import annotations

import math

import pytest

from firmware_bridge.simulator.spells import Spells


def test_spells_are_as_long_and_as_far_apart_as_asked_on_average():
    spells = Spells(8.0, 2.0, seed=1)
    on = sum(spells.at(tick / 10) for tick in range(1_000_000))
    assert spells.count == pytest.approx(100_000 / 10, rel=0.05)
    assert on / 1_000_000 == pytest.approx(2 / 10, rel=0.05)


def test_the_same_seed_gives_the_same_spells_however_often_it_is_asked():
    often, seldom = Spells(5.0, 1.0, seed=3), Spells(5.0, 1.0, seed=3)
    seen = [often.at(tick / 100) for tick in range(10_000)]
    assert seen[::700] == [seldom.at(tick / 100) for tick in range(0, 10_000, 700)]


def test_what_never_comes_never_comes():
    spells = Spells(math.inf, 1.0, seed=0)
    assert not spells.at(1e12)
    assert spells.count == 0
