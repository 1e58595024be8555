from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from edgeguard.telemetry.histogram import (
    DisagreementHistogram,
    GrowingHistogram,
    LatencyHistogram,
    ShareHistogram,
)

KINDS = [ShareHistogram, DisagreementHistogram, LatencyHistogram]
VALUES = {
    ShareHistogram: np.random.default_rng(0).uniform(0, 1, 1000),
    DisagreementHistogram: np.random.default_rng(1).lognormal(-5, 4, 1000),
    LatencyHistogram: np.random.default_rng(2).lognormal(0, 4, 1000),
}


@pytest.mark.parametrize("kind", KINDS)
def test_counts_are_those_of_numpy_and_the_mean_is_exact(kind):
    finite = np.minimum(kind.edges, 1e300)
    histogram = kind.of(VALUES[kind])
    assert list(histogram.counts) == np.histogram(VALUES[kind], finite)[0].tolist()
    assert histogram.mean == pytest.approx(VALUES[kind].mean(), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_sum_of_histograms_is_the_histogram_of_all_values(kind):
    values = VALUES[kind]
    together = kind.of(values[:300]) + kind.of(values[300:])
    assert together.counts == kind.of(values).counts
    assert together.sum == pytest.approx(kind.of(values).sum)


@pytest.mark.parametrize("kind", KINDS)
def test_values_added_one_by_one_give_the_same_histogram(kind):
    growing = GrowingHistogram(kind)
    values = [*VALUES[kind], *kind.edges[:-1], -1.0]
    for value in values:
        growing.add(value)
    assert growing.frozen().counts == kind.of(values).counts
    assert growing.frozen().sum == pytest.approx(kind.of(values).sum)


def test_the_edges_belong_to_the_bin_above_but_the_last_one():
    assert ShareHistogram.of([0.0, 0.05, 1.0]).counts == (1, 1, *[0] * 17, 1)


def test_values_outside_count_at_the_nearest_edge():
    histogram = ShareHistogram.of([-1e-9, 1 + 1e-9])
    assert (histogram.counts[0], histogram.counts[-1], histogram.sum) == (1, 1, 1.0)


def test_the_edges_are_part_of_the_message_format():
    assert ShareHistogram.edges[:3] == (0.0, 0.05, 0.1)
    assert DisagreementHistogram.edges[:7] == (0.0, 1e-6, 1.78e-6, 3.16e-6, 5.62e-6, 1e-5, 1.78e-5)
    assert LatencyHistogram.edges[-3:] == (5620.0, 10000.0, math.inf)
    assert [len(kind.edges) - 1 for kind in KINDS] == [20, 30, 26]


def test_nothing_has_no_mean():
    assert math.isnan(ShareHistogram.of([]).mean)


@pytest.mark.parametrize("total", [-0.1, 0.94, 1.06, math.nan, math.inf])
def test_sum_that_the_counts_cannot_have_is_refused(total):
    with pytest.raises(ValueError, match="does not fit the counts"):
        ShareHistogram(counts=(0,) * 19 + (1,), sum=total)


def test_wrong_number_of_bins_is_refused():
    with pytest.raises(msgspec.ValidationError, match="length"):
        msgspec.json.decode(b'{"counts":[1,0],"sum":0}', type=ShareHistogram)
