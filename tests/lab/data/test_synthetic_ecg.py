from __future__ import annotations

import time

import numpy as np
import pytest

from edgeguard.errors import ConfigError
from edgeguard.lab.data.synthetic_ecg import SIGNAL, label_windows, load
from edgeguard.signals.synthetic import MORPHOLOGIES, LabeledRecording


@pytest.fixture(scope="module")
def dataset():
    return load(None, wearers=7, windows=1000)


def recording(r_peaks, kinds):
    return LabeledRecording(np.zeros(1000, np.float32), 100.0, np.array(r_peaks), np.array(kinds))


def test_windows_are_as_many_and_as_long_as_asked(dataset):
    assert dataset.x.shape == (1000, 1, 256)
    assert dataset.signal == SIGNAL
    assert np.unique(dataset.wearers, return_counts=True)[1].tolist() == [143] * 6 + [142]


def test_every_class_is_there_and_no_class_is_rare(dataset):
    assert dataset.classes == MORPHOLOGIES
    assert np.bincount(dataset.y).min() > 50


def test_same_seed_same_windows_and_another_seed_others(dataset):
    assert load(None, wearers=7, windows=1000).sha256() == dataset.sha256()
    assert load(None, wearers=7, windows=1000, seed=1).sha256() != dataset.sha256()


def test_binary_merges_the_abnormal_classes(dataset):
    binary = load(None, wearers=7, windows=1000, classes="binary")
    assert binary.classes == ("normal", "abnormal")
    np.testing.assert_array_equal(binary.y, dataset.y > 0)


def test_groups_belong_to_the_wearer(dataset):
    for values in dataset.groups.values():
        assert all(len(set(values[dataset.wearers == wearer])) == 1 for wearer in set(dataset.wearers))


def test_beats_lie_at_any_phase_of_the_window(dataset):
    normal = dataset.x[dataset.y == 0, 0]
    peaks = np.bincount(normal.argmax(axis=1) // 32, minlength=8)
    assert peaks.min() > 0.25 * peaks.mean()


@pytest.mark.parametrize(
    ("kinds", "label"),
    [
        ([0, 0, 0, 0, 0, 0], 0),
        ([0, 0, 2, 0, 0, 0], 2),  # 175…245, whole inside 100…300
        ([0, 2, 2, 2, 0, 0], 2),  # one whole, two in part
        ([0, 0, 0, 1, 0, 0], -1),  # 275…345, partly inside
        ([0, 0, 2, 1, 0, 0], -1),  # two kinds
        ([0, 0, 0, 0, 3, 0], 0),  # outside
    ],
)
def test_window_is_labelled_by_its_whole_abnormal_beats(kinds, label):
    assert label_windows(recording([0, 100, 200, 300, 400, 500], kinds), 200, 100)[1] == label


def test_four_thousand_windows_take_a_few_seconds():
    begun = time.process_time()
    load(None)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": "binay"}, r"no classes are called 'binay' \(did you mean 'binary'\?\); there are: all, binary"),
        ({"wearers": 0}, "wearers must be a whole number from 1 on, not 0"),
        ({"windows": 2.5}, "windows must be a whole number from 20 on, not 2.5"),
        ({"wearers": 5, "windows": 4}, "windows must be a whole number from 5 on, not 4"),
        ({"seed": -1}, "seed must be a whole number from 0 on, not -1"),
    ],
)
def test_wrong_option_is_one_clear_line(options, message):
    with pytest.raises(ConfigError, match=message):
        load(None, **options)
