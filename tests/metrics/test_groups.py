from __future__ import annotations

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, demographic_parity_difference
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import accuracy_score

from edgeguard.metrics.clusters import ClusterBootstrap
from edgeguard.metrics.groups import compare


def drawn(rng, shares, wearers, concentration=20.0, windows=500):
    """Hits and windows of wearers whose own shares scatter around their group's: (wearers, groups), and the strata."""
    strata = np.repeat(np.arange(len(shares)), wearers)
    means = np.asarray(shares)[strata]
    below = rng.integers(windows // 2, windows * 2, len(strata))
    above = rng.binomial(below, rng.beta(means * concentration, (1 - means) * concentration))
    member = np.eye(len(shares))[strata]
    return above[:, None] * member, below[:, None] * member, strata


def compared(above, below, strata, resamples=1000, **options):
    names, bootstrap = [f"g{k}" for k in range(above.shape[1])], ClusterBootstrap(strata, resamples=resamples)
    return compare(names, above.astype(float), below.astype(float), bootstrap, **options)


def test_shares_and_their_gap_are_fairlearns():
    above, below, strata = drawn(np.random.default_rng(1), [0.6, 0.7, 0.9], 8, windows=40)
    found = compared(above, below, strata)
    hits, windows = above.sum(axis=1), below.sum(axis=1)
    right = np.concatenate([np.repeat([1, 0], [h, n - h]) for h, n in np.column_stack([hits, windows]).astype(int)])
    group = np.array([f"g{k}" for k in np.repeat(strata, windows.astype(int))])
    frame = MetricFrame(metrics=accuracy_score, y_true=np.ones_like(right), y_pred=right, sensitive_features=group)
    assert [each.value for each in found.groups] == pytest.approx(frame.by_group.tolist())
    assert found.gap.value == pytest.approx(frame.difference())
    parity = demographic_parity_difference(right, right, sensitive_features=group)
    assert found.gap.value == pytest.approx(parity)
    assert (found.gap.highest, found.gap.lowest) == ("g2", "g0")


def test_standard_error_is_scipys_bootstrap_of_wearers():
    above, below, strata = drawn(np.random.default_rng(2), [0.4], 40)
    draws = ClusterBootstrap(strata, resamples=4000).ratios(above, below)[:, 0]
    theirs = bootstrap(
        (above[:, 0], below[:, 0]),
        lambda a, b, axis=-1: a.sum(axis=axis) / b.sum(axis=axis),
        paired=True, vectorized=True, n_resamples=4000, method="percentile", rng=np.random.default_rng(3),
    )  # fmt: skip
    assert draws.std(ddof=1) == pytest.approx(theirs.standard_error, rel=0.06)
    low, high = theirs.confidence_interval
    assert np.quantile(draws, [0.025, 0.975]) == pytest.approx([low, high], abs=0.01)


def test_windows_taken_for_independent_would_be_too_sure():
    above, below, strata = drawn(np.random.default_rng(4), [0.3], 12)
    estimate = compared(above, below, strata).groups[0]
    naive = binomtest(int(above.sum()), int(below.sum())).proportion_ci(0.95, method="exact")
    assert estimate.high - estimate.low > 4 * (naive.high - naive.low)


@pytest.mark.parametrize(
    ("shares", "wearers"), [([0.3, 0.3], 12), ([0.05, 0.1, 0.2], 20), ([0.6] * 5, 8)], ids=["alike", "apart", "five"]
)
def test_intervals_cover_what_is_true(shares, wearers):
    """Promised 95 %; at least 90 % of 200 fleets is asked, for wearers are few and their shares skewed."""
    rng, runs = np.random.default_rng(5), 200
    gaps = groups = 0
    true = max(shares) - min(shares)
    for _ in range(runs):
        found = compared(*drawn(rng, shares, wearers), resamples=300)
        gaps += found.gap.low <= true <= found.gap.high
        groups += found.groups[0].low <= shares[0] <= found.groups[0].high
    assert gaps / runs >= 0.90
    assert groups / runs >= 0.90


def test_two_wearers_who_are_alike_by_chance_do_not_make_a_gap():
    rng = np.random.default_rng(11)
    seen = 0
    for _ in range(200):
        above, below, _ = drawn(rng, [0.9, 0.9], 10)
        kept = [0, 1, *range(10, 20)]  # two wearers against ten
        seen += compared(above[kept], below[kept], np.repeat([0, 1], [2, 10]), resamples=200).gap.low > 0
    assert seen / 200 <= 0.05


def test_gap_of_groups_that_are_alike_may_be_nothing():
    """What quantiles of the drawn gap itself would never say."""
    above, below, strata = drawn(np.random.default_rng(6), [0.3] * 4, 10)
    draws = ClusterBootstrap(strata).ratios(above.astype(float), below.astype(float))
    assert np.quantile(draws.max(axis=1) - draws.min(axis=1), 0.025) > 0.01
    assert compared(above, below, strata).gap.low == 0.0


@pytest.mark.parametrize(("share", "end"), [(0.0, "high"), (1.0, "low")])
def test_wearers_without_any_difference_leave_exact_doubt(share, end):
    below = np.full((7, 1), 100.0)
    estimate = compared(below * share, below, np.zeros(7, dtype=np.int64)).groups[0]
    exact = binomtest(int(7 * share), 7).proportion_ci(0.95, method="exact")
    assert estimate.value == share
    assert (estimate.low, estimate.high) == pytest.approx((exact.low, exact.high))
    assert getattr(estimate, end) not in (0.0, 1.0)


def test_a_share_of_none_borrows_how_much_windows_count_from_the_others():
    """Six wearers without a rejected window are no proof against one half in others who hardly differ."""
    below = np.full((12, 1), 1000.0) * np.eye(2)[np.repeat([0, 1], 6)]
    even = below * [0.0, 0.5]
    uneven = below * np.array([0.0] * 6 + [0.1, 0.9] * 3)[:, None]
    assert compared(even, below, np.repeat([0, 1], 6)).groups[0].high < 0.01
    assert compared(uneven, below, np.repeat([0, 1], 6)).groups[0].high > 0.25


def test_same_wearers_in_both_groups_are_compared_with_themselves():
    """The classes of one wearer: what makes a wearer hard makes all classes hard, and cancels out of the gap."""
    shares = np.random.default_rng(7).uniform(0.2, 0.8, 30)[:, None]
    below = np.full((30, 2), 200.0)
    found = compared(below * (shares - [0.0, 0.1]), below, np.zeros(30, dtype=np.int64))
    assert found.groups[0].high - found.groups[0].low > 0.1
    assert found.gap.value == pytest.approx(0.1)
    assert found.gap.high - found.gap.low < 0.05


def test_amounts_are_compared_on_their_own_scale():
    above = np.random.default_rng(8).gamma(2.0, 50.0, (40, 1)) * np.eye(2)[np.repeat([0, 1], 20)] * [1, 3]
    below = np.full((40, 1), 10.0) * np.eye(2)[np.repeat([0, 1], 20)]
    found = compared(above, below, np.repeat([0, 1], 20), scale="amount")
    assert found.groups[1].value > 1
    assert 0 < found.groups[0].low < found.groups[0].value < found.groups[0].high
    assert found.gap.low > 0


def test_many_wearers_are_drawn_in_lots_without_losing_their_error():
    above, below, strata = drawn(np.random.default_rng(9), [0.3], 5000)
    estimate = compared(above, below, strata).groups[0]
    share, total = above.sum() / below.sum(), below.sum()
    error = np.sqrt(((above - share * below) ** 2).sum()) / total
    assert (estimate.high - estimate.low) / 2 == pytest.approx(1.96 * error, rel=0.1)


@pytest.mark.parametrize(
    ("below", "reason"),
    [([[5.0], [0.0], [0.0]], "fewer than 3 wearers"), ([[0.0], [0.0], [0.0]], "nothing was counted")],
)
def test_what_rests_on_too_few_is_undefined_with_the_reason(below, reason):
    below = np.array(below)
    found = compared(below, below, np.zeros(3, dtype=np.int64), fewest=3)
    (estimate,) = found.groups
    assert (estimate.value, estimate.low, estimate.high, estimate.reason) == (None, None, None, reason)
    assert (found.gap.value, found.gap.reason) == (None, "fewer than two groups can be compared")


def test_a_group_with_one_member_hides_no_gap_between_the_others():
    above, below, _ = drawn(np.random.default_rng(10), [0.2, 0.8, 0.5], 6)
    kept = np.arange(13)  # of the third group, one
    found = compared(above[kept], below[kept], np.repeat([0, 1, 2], [6, 6, 1]))
    assert found.groups[2].value is None
    assert (found.gap.highest, found.gap.lowest) == ("g1", "g0")


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not a finite number"):
        compared(np.full((3, 1), np.nan), np.ones((3, 1)), np.zeros(3, dtype=np.int64))
