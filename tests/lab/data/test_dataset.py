from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data.dataset import Dataset, class_names, stratified_split, wearer_split
from edgeguard.signals.spec import SignalSpec

SIGNAL = SignalSpec(channels=("I", "II"), units="mV", window=5, hop=5)


def dataset(x=None, y=None):
    x = np.zeros((3, 2, 5), dtype=np.float32) if x is None else x
    return Dataset("mine", x, np.zeros(len(x), dtype=np.int64) if y is None else y, ("a", "b"), SIGNAL)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named(value):
    x = np.zeros((3, 2, 5), dtype=np.float32)
    x[1:, 1, 2] = value
    with pytest.raises(DataError, match="mine: 2 windows hold NaN or infinity, the first is number 1"):
        dataset(x)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((3, 2, 4)), None, r"do not make \(n, 2, 5\): check the file"),
        (np.zeros((3, 5)), None, r"do not make \(n, 2, 5\): check the file"),
        (np.zeros((3, 2, 5)), np.zeros(2, int), "2 labels and windows of shape"),
        (np.zeros((3, 2, 5)), np.array([0, 2, 1]), "labels 0 to 2 for 2 classes: check the file"),
        (np.zeros((3, 2, 5)), np.array([0, -1, 1]), "labels -1 to 1 for 2 classes: check the file"),
        (np.zeros((0, 2, 5)), None, "mine holds no windows: check the file"),
    ],
)
def test_what_is_no_data_set_is_refused(x, y, message):
    with pytest.raises(DataError, match=message):
        dataset(x, y)


def test_the_hash_is_of_windows_and_labels():
    base = dataset().sha256()
    assert dataset().sha256() == base
    assert dataset(np.full((3, 2, 5), 1e-7, dtype=np.float32)).sha256() != base
    assert dataset(y=np.array([0, 0, 1])).sha256() != base


@given(st.lists(st.integers(30, 300), min_size=1, max_size=5), st.integers(0, 2**32), st.floats(0.1, 0.8))
def test_a_split_is_a_partition_that_keeps_the_proportions(sizes, seed, share):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    fractions = (share, (1 - share) / 2, (1 - share) / 2)
    split = stratified_split(labels, fractions, seed)
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts)) == list(range(len(labels)))
    for part, fraction in zip(parts, fractions, strict=True):
        assert np.abs(np.bincount(labels[part], minlength=len(sizes)) - fraction * np.array(sizes)).max() <= 1 + 1e-6


@given(st.lists(st.integers(30, 300), min_size=2, max_size=5), st.integers(0, 2**32 - 1))
def test_class_counts_are_those_of_scikit_learn_within_two_windows(sizes, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    ours = labels[stratified_split(labels, (0.8, 0.1, 0.1), seed).train]
    theirs = train_test_split(labels, train_size=len(ours), stratify=labels, random_state=seed)[0]
    assert np.abs(np.bincount(ours) - np.bincount(theirs)).max() <= 2


def test_the_seed_decides_the_split():
    labels = np.arange(100) % 2
    first, again, other = (stratified_split(labels, (0.8, 0.1, 0.1), seed).test for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


@pytest.mark.parametrize("fractions", [(0.5, 0.5, 0.5), (1.0, 0.0, 0.0), (1.2, -0.1, -0.1), (np.nan, 0.5, 0.5)])
def test_fractions_that_make_no_split_are_refused(fractions):
    with pytest.raises(ConfigError, match="split fractions must be positive and sum to 1"):
        stratified_split(np.zeros(100, int), fractions, 0)


def test_a_class_too_small_for_three_parts_is_named():
    with pytest.raises(DataError, match="class 1 has 2 windows, too few to be in train, validation and test: get more"):
        stratified_split(np.array([0] * 50 + [1] * 2), (0.8, 0.1, 0.1), 0)


@pytest.mark.parametrize("word", ["fives", 5, ["five"]])
def test_classes_that_nobody_knows_are_refused(word):
    with pytest.raises(ConfigError, match=r"no classes are called .*; there are: binary, five"):
        class_names("ecg5000", word, {"binary": ("a", "b"), "five": tuple("abcde")})


def wearers_of(counts):
    return np.repeat([f"w{number}" for number in range(len(counts))], counts)


def test_a_wearer_is_in_one_part_only_and_shares_are_near():
    rng = np.random.default_rng(0)
    wearers = wearers_of(rng.integers(10, 40, 30))
    labels = rng.integers(0, 3, len(wearers))
    split = wearer_split(labels, wearers, (0.7, 0.15, 0.15), seed=1)
    parts = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert not set(wearers[split.train]) & set(wearers[split.test])
    for part, share in zip(parts, (0.7, 0.15, 0.15), strict=True):
        shares = np.bincount(labels[part]) / np.bincount(labels)
        assert np.abs(shares - share).max() < 0.05


def test_a_wearer_split_is_that_of_its_seed():
    wearers = wearers_of([5] * 20)
    labels = np.arange(100) % 2
    first, again, other = (wearer_split(labels, wearers, (0.6, 0.2, 0.2), seed) for seed in (1, 1, 2))
    assert first.test.tolist() == again.test.tolist() != other.test.tolist()


def test_too_few_wearers_of_a_class_are_refused():
    labels = np.array([0] * 20 + [1] * 5)
    with pytest.raises(DataError, match="5 wearers cannot be split"):
        wearer_split(labels, wearers_of([5] * 5), (0.6, 0.2, 0.2), seed=0)
