from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from edgeguard.fleet.arrival import of
from edgeguard.fleet.store.models import Change


def test_the_interval_is_that_of_scipy():
    rng = np.random.default_rng(3)
    before, after = rng.binomial(1000, 0.02, 40), rng.binomial(1000, 0.03, 40)
    found = of(
        [Change(k, 1000, 0, int(a), 1000, 0, int(b)) for k, (a, b) in enumerate(zip(before, after, strict=True))]
    )
    theirs = bootstrap(
        (before / 1000, after / 1000), lambda a, b, axis=-1: b.mean(axis=axis) - a.mean(axis=axis), paired=True,
        method="percentile", n_resamples=20_000, rng=0,
    ).confidence_interval  # fmt: skip
    assert found.alarms.before == pytest.approx(before.sum() / 40_000)
    assert (found.alarms.low, found.alarms.high) == pytest.approx((theirs.low, theirs.high), abs=5e-4)


def test_rejected_windows_are_a_share_of_all_and_alarms_of_those_that_were_judged():
    found = of([Change(1, 100, 50, 5, 200, 20, 9)])
    assert (found.rejected.before, found.rejected.after) == (0.5, 0.1)
    assert (found.alarms.before, found.alarms.after) == (0.1, 0.05)
    assert (found.alarms.low, found.alarms.high) == (None, None)  # one device tells of no other


def test_nothing_to_compare():
    assert of([]).alarms is None
    found = of([Change(1, 10, 10, 0, 10, 0, 1)])
    assert (found.alarms, found.rejected.before) == (None, 1.0)
