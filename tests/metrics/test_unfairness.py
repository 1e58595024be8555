from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, demographic_parity_difference, equalized_odds_difference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from sklearn.metrics import recall_score

from edgeguard.metrics.unfairness import (
    Sampling,
    class_wise_accuracy,
    class_wise_robustness_epsilon,
    class_wise_robustness_success,
    equalized_odds,
    intersection,
    worst_accuracy,
)

QUICK = Sampling(resamples=200, permutations=99)
EVERY = [class_wise_accuracy, class_wise_robustness_success, class_wise_robustness_epsilon, equalized_odds]


def cluster_drawn(rng, wearers=24, spread=10.0):
    """Confidence, group and wearer of windows of wearers who differ, of three groups that do not."""
    windows = rng.integers(5, 40, wearers)
    own = np.repeat(rng.beta(spread * 0.7, spread * 0.3, wearers), windows)
    group = np.array(list("abc"))[np.repeat(np.arange(wearers) % 3, windows)]
    return (rng.random(windows.sum()) < own), group, np.repeat(np.arange(wearers), windows)


def test_cau_of_classes_is_the_gap_of_their_recalls():
    labels, predicted = np.random.default_rng(0).integers(0, 4, (2, 500))
    recalls = recall_score(labels, predicted, average=None)
    found = class_wise_accuracy(labels == predicted, labels, sampling=QUICK)
    assert found.value == pytest.approx(np.ptp(recalls))
    assert [group.value for group in found.groups.values()] == pytest.approx(recalls.tolist())
    assert (found.highest, found.lowest) == (str(recalls.argmax()), str(recalls.argmin()))
    assert sum(group.count for group in found.groups.values()) == 500


def test_eou_of_hard_verdicts_is_what_fairlearn_calls_equalized_odds_difference():
    rng = np.random.default_rng(1)
    labels, verdicts, groups = rng.integers(0, 2, 400), rng.integers(0, 2, 400), rng.choice(["f", "m", "x"], 400)
    each = [equalized_odds(verdicts[labels == y], groups[labels == y], sampling=QUICK).value for y in (0, 1)]
    assert max(each) == pytest.approx(equalized_odds_difference(labels, verdicts, sensitive_features=groups))
    whole = equalized_odds(verdicts, groups, sampling=QUICK).value
    assert whole == pytest.approx(demographic_parity_difference(labels, verdicts, sensitive_features=groups))


@pytest.mark.parametrize("metric", EVERY)
def test_value_is_the_largest_difference_over_all_pairs(metric):
    rng = np.random.default_rng(2)
    attributes = {"sex": rng.choice(["f", "m"], 300), "site": rng.choice(["x", "y", "z"], 300)}
    values = rng.random(300) < 0.5 if "accuracy" in metric.__name__ else rng.random(300)
    both = [f"{sex} & {site}" for sex, site in zip(attributes["sex"], attributes["site"], strict=True)]
    means = {name: np.mean([v for v, b in zip(values, both, strict=True) if b == name]) for name in set(both)}
    found = metric(values, intersection(attributes), sampling=QUICK)
    assert found.value == pytest.approx(max(abs(means[i] - means[j]) for i, j in combinations(means, 2)))
    frame = MetricFrame(metrics=lambda _, v: v.mean(), y_true=values, y_pred=values, sensitive_features=attributes)
    assert found.value == pytest.approx(frame.difference())
    assert found.low <= found.value <= found.high


def test_worst_accuracy_is_that_of_the_worst_class_and_lies_in_its_interval():
    rng = np.random.default_rng(3)
    labels, predicted = rng.integers(0, 3, (2, 300))
    recalls = recall_score(labels, predicted, average=None)
    found = worst_accuracy(labels == predicted, labels)
    assert (found.value, found.group) == (pytest.approx(recalls.min()), str(recalls.argmin()))
    assert found.low < found.value < found.high


def test_worst_accuracy_covers_what_is_true():
    rng, true, covered = np.random.default_rng(4), np.array([0.7, 0.7, 0.75, 0.9]), 0
    for _ in range(100):
        labels = rng.integers(0, 4, 400)
        found = worst_accuracy(rng.random(400) < true[labels], labels, sampling=QUICK)
        covered += found.low <= true.min() <= found.high
    assert covered >= 92


def test_p_is_uniform_where_groups_mean_nothing_even_if_wearers_differ():
    rng = np.random.default_rng(5)
    draws = [class_wise_accuracy(hit, group, clusters=who, sampling=QUICK) for hit, group, who in (
        cluster_drawn(rng) for _ in range(100)
    )]  # fmt: skip
    assert {found.permuted for found in draws} == {"wearers"}
    assert kstest([found.p_value for found in draws], "uniform").pvalue > 0.01
    assert np.mean([found.low == 0 for found in draws]) >= 0.9


def test_p_of_windows_taken_for_independent_would_be_far_too_small():
    rng = np.random.default_rng(6)
    small = [
        class_wise_accuracy(hit, group, sampling=QUICK).p_value < 0.05
        for hit, group, _ in (cluster_drawn(rng, spread=3.0) for _ in range(20))
    ]
    assert np.mean(small) > 0.3


def test_classes_of_one_wearer_are_permuted_among_his_windows_alone():
    """What wearers differ in cancels out: a class that only the bad wearer has much of is no worse for it."""
    rng = np.random.default_rng(7)
    who = np.repeat([0, 1], 1000)
    label = rng.random(2000) < np.where(who == 0, 0.9, 0.1)
    hit = rng.random(2000) < np.where(who == 0, 0.95, 0.5)
    found = class_wise_accuracy(hit, label, clusters=who, sampling=QUICK)
    assert (found.permuted, found.p_value > 0.05) == ("windows of each wearer", True)
    assert class_wise_accuracy(hit, label, sampling=QUICK).p_value == 0.01


def test_interval_of_a_mean_confidence_is_as_wide_as_its_spread_says():
    """A beta distribution's gap of means: the normal interval is the oracle."""
    rng = np.random.default_rng(8)
    a, b = rng.beta(70, 30, 400), rng.beta(80, 20, 400)
    found = equalized_odds(np.concatenate([a, b]), np.repeat(["a", "b"], 400))
    half = 1.96 * np.sqrt(a.var() / 400 + b.var() / 400)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    assert found.p_value == 0.001


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(EVERY))
def test_neither_the_order_of_windows_nor_names_nor_copies_change_the_figure(seed, clustered, metric):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 60))
    values, groups = rng.random(n).round(1), rng.choice(["a", "b", "c"], n)
    if "accuracy" in metric.__name__:
        values = values > 0.5
    who = rng.integers(0, 5, n) if clustered else None
    found = metric(values, groups, clusters=who, sampling=QUICK)
    order = rng.permutation(n)
    again = metric(values[order], groups[order], clusters=None if who is None else who[order], sampling=QUICK)
    assert again == found
    twice = metric(np.tile(values, 2), np.tile(groups, 2), clusters=None if who is None else np.tile(who, 2))
    if found.value is not None and all(group.value is not None for group in found.groups.values()):
        assert twice.value == pytest.approx(found.value)


def test_names_of_groups_decide_nothing():
    rng = np.random.default_rng(9)
    values, groups, who = rng.random(200), rng.choice(["a", "b", "c"], 200), rng.integers(0, 9, 200)
    new = {"a": "z", "b": "new & other", "c": "a"}
    for clusters in (None, who):
        found = equalized_odds(values, groups, clusters=clusters, sampling=QUICK)
        renamed = equalized_odds(values, np.array([new[g] for g in groups]), clusters=clusters, sampling=QUICK)
        assert (renamed.value, renamed.low, renamed.high, renamed.p_value) == (
            found.value,
            found.low,
            found.high,
            found.p_value,
        )
        assert (renamed.highest, renamed.lowest) == (new[found.highest], new[found.lowest])
        assert {new[name]: group for name, group in found.groups.items()} == dict(renamed.groups)


def test_a_group_with_one_member_is_undefined_and_the_others_are_compared():
    found = class_wise_accuracy([1, 0, 1, 1, 0], ["a", "a", "b", "b", "c"], sampling=QUICK)
    assert (found.value, found.groups["c"].value, found.groups["c"].count) == (0.5, None, 1)
    assert found.groups["c"].reason == "fewer than 2 windows"
    one = class_wise_accuracy([1, 0, 1, 1], ["a", "a", "b", "b"], clusters=[1, 2, 3, 3], sampling=QUICK)
    assert (one.value, one.reason) == (None, "fewer than two groups can be compared")
    assert one.groups["b"].reason == "fewer than 2 wearers"


def test_what_ought_to_be_there_and_what_is_not_known_are_told():
    found = equalized_odds([0.1, 0.2, 0.3, 0.4, 0.5], ["a", "a", "b", "b", "unknown"], names=["a", "b", "x"])
    assert found.value == pytest.approx(0.2)
    assert (found.groups["x"].reason, found.groups["x"].count) == ("nothing was counted", 0)
    assert (found.groups["unknown"].reason, found.groups["unknown"].count) == ("the value is not known", 1)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([0.1, np.nan, 0.2], "1 of 3 values are not finite numbers"),
        ([0.1, 1.5, 0.2], "values from 0.1 to 1.5 are not in [0, 1]"),
        ([], "there are no windows"),
    ],
)
def test_values_that_can_be_no_confidences_make_it_undefined(values, reason):
    found = equalized_odds(values, np.array(["a", "b", "b"][: len(values)]))
    assert (found.value, found.p_value, found.reason) == (None, None, reason)
    assert worst_accuracy(values, np.array(["a", "b", "b"][: len(values)])).reason == reason


def test_nobody_known_is_undefined():
    assert equalized_odds([0.1, 0.2], ["unknown"] * 2).reason == "there are no windows"
    assert worst_accuracy([1, 0], ["a", "b"]).reason == "no group has 2 windows"


@pytest.mark.parametrize(
    ("groups", "clusters", "message"),
    [
        (["a"], None, "must be as many"),
        (["a", "b"], [1], "must be as many"),
        ([0.0, np.nan], None, "call it 'unknown'"),
        (np.array(["a", None], dtype=object), None, "call it 'unknown'"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(groups, clusters, message):
    with pytest.raises(ValueError, match=message):
        equalized_odds([0.1, 0.2], groups, clusters=clusters)


def test_windows_that_withstand_every_epsilon_count_as_the_largest_and_are_told():
    least, classes = [0.1, 0.3, np.inf, 0.2], ["a", "a", "b", "b"]
    assert "1 of 4 windows withstand" in class_wise_robustness_epsilon(least, classes).reason
    found = class_wise_robustness_epsilon(least, classes, most=1.0)
    assert found.value == pytest.approx(0.6 - 0.2)
    assert "count as ε = 1" in found.notes[0]
    assert class_wise_robustness_epsilon([0.1, np.nan], ["a", "b"]).reason == "1 of 2 values are not finite numbers"


def test_intersections_are_of_the_same_windows():
    assert intersection({"sex": ["f", "m"], "race": ["x", "unknown"]}).tolist() == ["f & x", "unknown"]
    with pytest.raises(ValueError, match="sex, race are not of the same windows"):
        intersection({"sex": ["f"], "race": ["x", "y"]})
    with pytest.raises(ValueError, match="call it 'unknown'"):
        intersection({"sex": ["f", "m"], "age": [30.0, np.nan]})
