from __future__ import annotations

import functools
import operator

import numpy as np
import pytest
from msgspec.structs import replace

from edgeguard.telemetry.histogram import ShareHistogram
from edgeguard.telemetry.tally import NOTHING
from tests.telemetry.oracle import tally_of

CLASSES = ("normal", "abnormal", "noise")


def columns(n, stages=4):
    """Verdicts whose every number is a multiple of 2^-12: sums of them are exact in any order."""
    rng = np.random.default_rng(0)
    exits = rng.multinomial(1024, rng.dirichlet(np.ones(3), size=(n, stages))) / 1024
    mean = exits.mean(axis=1)
    return {
        "predicted": mean.argmax(axis=1),
        "confidence": mean.max(axis=1),
        "exit_probabilities": exits,
        "disagreement": np.round(rng.exponential(100, n)) / 1024,
        "alarm": rng.uniform(size=n) < 0.1,
        "latency_ms": np.round(rng.exponential(1000, n)) / 1024,
    }


def test_tallies_of_parts_add_up_to_the_tally_of_the_whole():
    whole = columns(500)
    cuts = np.cumsum([10, 1, 200, 89])
    pieces = {name: np.split(column, cuts) for name, column in whole.items()}
    parts = [{name: pieces[name][k] for name in pieces} for k in range(5)]
    tally = functools.reduce(operator.add, [tally_of(CLASSES, **part) for part in parts], NOTHING)
    assert tally == tally_of(CLASSES, **whole)


def test_addition_keeps_what_only_one_side_has():
    left = replace(NOTHING, windows=2, rejected={"not finite": 2}, gaps=1, missing_samples=30)
    left = replace(left, faults={"link lost": 1, "wrong rate": 1}, suppressed=2)
    right = replace(NOTHING, windows=3, rejected={"flat": 3}, gaps=2, missing_samples=5, repeated_samples=7)
    right = replace(right, faults={"link lost": 2}, suppressed=3)
    assert left + right == replace(
        NOTHING,
        faults={"link lost": 3, "wrong rate": 1},
        suppressed=5,
        windows=5,
        rejected={"not finite": 2, "flat": 3},
        gaps=3,
        missing_samples=35,
        repeated_samples=7,
    )
    assert left + NOTHING == left


def test_stages_add_up_whichever_side_ran_more():
    two, three = (tally_of(CLASSES, **columns(4, stages)) for stages in (2, 3))
    assert (two + three).stages == (three + two).stages == (0, 4, 4)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("windows", 11, "do not add up to 11 windows"),
        ("rejected", {"flat": 1}, "do not add up to 10 windows"),
        ("alarms", 11, "11 alarms in 10 windows"),
        ("predictions", {"normal": 10}, "confidence histograms do not add up"),
        ("probability", {"normal": 9.0}, "probabilities do not add up to 10 windows"),
        ("stages", (0, 9), "the stages hold 9 windows, not 10"),
        ("margin", ShareHistogram.of([0.5] * 9), "a histogram holds 9 windows, not 10"),
    ],
)
def test_counts_that_do_not_add_up_are_refused(field, value, message):
    tally = tally_of(CLASSES, **columns(10))
    with pytest.raises(ValueError, match=message):
        replace(tally, **{field: value})
