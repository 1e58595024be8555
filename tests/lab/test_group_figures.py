from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from edgeguard.lab.data.dataset import Split
from edgeguard.lab.group_figures import group_accuracy, group_figures, wearers_tested
from tests.lab.conftest import waves


@pytest.fixture
def people():
    """Waves of 20 wearers with sex and age band, verdicts on a part of them, and that part."""
    rng = np.random.default_rng(1)
    wearers = np.repeat([f"w{number:02d}" for number in range(20)], 20)
    groups = {"sex": np.repeat(["female", "male"] * 10, 20), "age_band": np.repeat(["18-39"] * 2 + ["65+"] * 18, 20)}
    dataset = dataclasses.replace(waves(), groups=groups, wearers=wearers)
    windows = np.sort(rng.choice(400, 200, replace=False))
    return dataset, np.where(rng.random(200) < 0.8, dataset.y[windows], 1 - dataset.y[windows]), windows


def test_figures_of_a_group_are_scikit_learns_on_its_windows(people):
    dataset, predicted, windows = people
    found = group_figures(predicted, dataset, windows)
    assert {attribute: list(values) for attribute, values in found.items()} == {
        "sex": ["female", "male"],
        "age_band": ["18-39", "65+"],
    }
    for attribute, values in found.items():
        for value, row in values.items():
            of = dataset.groups[attribute][windows] == value
            said, truth = predicted[of], dataset.y[windows][of]
            assert row["windows"] == of.sum()
            assert row["wearers"] == len(set(dataset.wearers[windows][of]))
            assert row["accuracy"] == pytest.approx(accuracy_score(truth, said))
            assert row["macro_f1"] == pytest.approx(f1_score(truth, said, average="macro"))
            recalls = [one["sensitivity"] for one in row["per_class"]]
            np.testing.assert_allclose(recalls, recall_score(truth, said, average=None))


def test_accuracy_alone_is_the_same(people):
    full, brief = group_figures(*people[1::-1], people[2]), group_accuracy(*people[1::-1], people[2])
    for attribute, values in brief.items():
        for value, row in values.items():
            assert row == {key: full[attribute][value][key] for key in ("windows", "wearers", "accuracy")}


def test_nothing_known_of_people_is_no_group_and_no_wearers():
    dataset = waves()
    assert group_figures(dataset.y[:9], dataset, np.arange(9)) == {}
    assert wearers_tested(dataset, Split(np.arange(3), np.arange(3, 6), np.arange(6, 9))) is None


def test_wearers_that_training_has_seen_are_counted(people):
    dataset = people[0]
    split = Split(np.arange(0, 210), np.arange(210, 250), np.arange(230, 400))  # w00-w10, w10-w12, w11-w19
    assert wearers_tested(dataset, split) == {"test": 9, "seen_in_training": 2}
