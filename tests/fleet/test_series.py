from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from edgeguard.fleet.series import Part, figures, quantile
from edgeguard.fleet.store.sums import columns_of
from tests.fleet.small_fleet import tally

MINUTE = 60_000


def part(minute, battery=None, **counted):
    columns = columns_of(tally(**counted))
    return Part((minute - 1) * MINUTE, minute * MINUTE, columns, battery, columns["tally"])


def test_neighbors_are_added_up_to_few_points():
    parts = [part(k, battery=k / 100, windows=10, rejected=k % 2, disagreement=0.2) for k in range(1, 61)]
    found = figures(parts, 0, 60 * MINUTE, 6)
    assert found.at_ms == [k * MINUTE for k in range(10, 61, 10)]
    assert found.windows == [100] * 6
    assert found.rejected == {"flat": [5] * 6}
    assert found.predictions == {"N": [95] * 6}
    assert found.disagreement == pytest.approx([0.2] * 6)
    assert found.battery == [0.01, 0.11, 0.21, 0.31, 0.41, 0.51]


def test_a_gap_is_a_gap():
    found = figures([part(1), part(2), part(9), part(10)], 0, 10 * MINUTE, 100)
    assert found.at_ms == [MINUTE, 2 * MINUTE, 2 * MINUTE + 1, 9 * MINUTE, 10 * MINUTE]
    assert [value is None for value in found.windows] == [False, False, True, False, False]
    assert found.predictions["N"][2] is None


def test_sources_that_send_in_turn_leave_no_gap():
    parts = [Part(one.begin_ms + shift, one.end_ms + shift, one.columns, None, one.tally)
             for one in (part(k) for k in range(1, 5)) for shift in (0, MINUTE // 2)]  # fmt: skip
    assert None not in figures(parts, 0, 5 * MINUTE, 100).windows


def test_points_sum_up_equally_many_parts_where_the_steps_do_not_divide():
    parts = [part(k) for k in range(1, 101)]
    assert set(figures(parts, 0, 100 * MINUTE, 40).windows[:-1]) == {300}


def test_a_point_without_a_judged_window_has_no_means():
    found = figures([part(1, windows=3, rejected=3, alarms=0)], 0, MINUTE, 10)
    assert (found.windows, found.disagreement, found.disagreement_p95, found.latency_p95_ms) == (
        [3],
        [None],
        [None],
        [None],
    )


def test_no_parts_no_points():
    assert figures([], 0, MINUTE, 10).at_ms == []


def test_the_rarest_names_are_left_out():
    blank = tally(windows=100, rejected=0)
    named = msgspec.structs.replace(blank, faults={f"fault-{k}": k for k in range(1, 31)})
    columns = columns_of(named)
    found = figures([Part(0, MINUTE, columns, None, columns["tally"])], 0, MINUTE, 10)
    assert sorted(found.faults) == sorted(f"fault-{k}" for k in range(11, 31))


def test_quantiles_agree_with_numpy_within_a_bin():
    values = np.random.default_rng(0).uniform(0, 1, 10_000)
    edges = np.linspace(0, 1, 21)
    counts = np.histogram(values, edges)[0]
    for share in (0.05, 0.5, 0.95):
        assert quantile(counts.tolist(), edges.tolist(), share) == pytest.approx(np.quantile(values, share), abs=0.01)


def test_quantiles_at_the_ends():
    assert quantile([0, 0], [0, 1, 2], 0.95) is None
    assert quantile([1, 0, 3], [0, 1, 2, math.inf], 0.95) == 2
