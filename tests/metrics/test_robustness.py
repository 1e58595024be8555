from __future__ import annotations

import numpy as np
import pytest

from edgeguard.metrics.clusters import ClusterBootstrap
from edgeguard.metrics.groups import compare
from edgeguard.metrics.robustness import (
    estimated_robustness,
    estimated_unfairness,
    robustness,
    robustness_of_classifier,
    surviving_share,
    surviving_shares_of_bins,
    unfairness_in_robustness,
    vulnerable,
)


@pytest.fixture
def part():
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, 200), rng.uniform(0, 1, 200) < 0.8


def test_robustness_is_the_area_under_the_surviving_shares(part):
    taus = np.linspace(0, 1, 20_001)
    area = np.mean([surviving_share(*part, tau) for tau in taus])
    assert robustness(*part) == pytest.approx(area, abs=1e-4)


def test_bins_tell_the_surviving_shares_at_their_edges(part):
    distances, correct = part
    counts, edges = np.histogram(distances[correct], bins=20, range=(0, 1))
    shares = surviving_shares_of_bins(counts, correct.mean())
    assert shares.tolist() == pytest.approx([surviving_share(distances, correct, edge) for edge in edges])
    assert surviving_shares_of_bins(np.zeros(3, dtype=np.int64)).tolist() == [0, 0, 0, 0]


def compared(means):
    rng, strata = np.random.default_rng(1), np.repeat(np.arange(len(means)), 15)
    member, windows = np.eye(len(means))[strata], np.full(len(strata), 100.0)
    margins = windows * rng.uniform(-0.1, 0.1, len(strata)) + windows * np.asarray(means)[strata]
    return compare(
        list("abcd")[: len(means)], margins[:, None] * member, windows[:, None] * member, ClusterBootstrap(strata)
    )


def test_parts_make_up_the_classifier_and_its_unfairness():
    found = compared([0.3, 0.5, 0.5, 0.7])
    parts = {name: each.value for name, each in zip("abcd", found.groups, strict=True)}
    whole, unfairness = estimated_robustness(found), estimated_unfairness(found)
    assert whole.value == pytest.approx(robustness_of_classifier(parts.values()))
    assert unfairness.value == pytest.approx(unfairness_in_robustness(parts.values()))
    assert unfairness.value == pytest.approx(np.var(list(parts.values())))
    assert whole.low < 0.5 < whole.high
    assert 0 < unfairness.low < np.var([0.3, 0.5, 0.5, 0.7]) < unfairness.high
    assert "a" in vulnerable(parts)
    assert "d" not in vulnerable(parts)


def test_one_part_alone_has_nothing_to_be_unfair_to():
    assert estimated_unfairness(compared([0.5])).reason == "fewer than two groups can be compared"
    assert estimated_unfairness(compared([0.5, 0.5])).low == 0.0
