from __future__ import annotations

from statistics import stdev

import pytest

from edgeguard.lab.detection.over_seeds import over_seeds, spread, worst_attacks
from tests.lab.detection.small_study import small_study


def test_numbers_become_mean_and_spread_and_words_stay():
    found = over_seeds([{"a": 1, "b": "x"}, {"a": 2, "b": "x"}])
    assert found == {"a": {"mean": 1.5, "std": pytest.approx(stdev([1, 2])), "values": [1, 2]}, "b": "x"}


def test_what_is_undefined_in_one_seed_is_left_out_of_the_mean():
    assert spread([0.5, None])["mean"] == 0.5
    nothing = over_seeds([{"value": None, "reason": "there are none"}] * 2)
    assert nothing == {"mean": None, "std": None, "values": [None, None], "reason": "there are none"}


def test_waits_are_the_middle_seeds():
    waits = [{"median": m, "ninety_percent": None, "never": n} for m, n in ((5, 0.0), (None, 1.0), (9, 0.5))]
    found = over_seeds(waits)
    assert found["median"] == {"median": 9, "values": [5, None, 9]}
    assert found["ninety_percent"]["median"] is None
    assert found["never"]["mean"] == 0.5


def test_the_worst_attack_is_the_one_found_least():
    worst = worst_attacks(small_study(0.4)["mean"]["radii"]["0.1"], "0.01")
    assert worst["confusion"]["found"] == {"attack": "quiet: confusion", "share": 0.0}
    assert worst["max_softmax"]["found"] == {"attack": "pgd", "share": 0.4}
