from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from sklearn.metrics import accuracy_score, recall_score

from edgeguard.lab.data.dataset import Split
from edgeguard.lab.fairness_figures import attacked_fairness, clean_fairness, groups_tested, robustness_epsilon
from tests.lab.conftest import waves


@pytest.fixture
def people():
    """Groups of the test part of waves of 20 wearers; the last five, of an own site, are only there. One is unknown."""
    wearers = np.repeat([f"w{number:02d}" for number in range(20)], 20)
    sites = np.repeat(["a"] * 8 + ["b"] * 6 + ["unknown"] + ["c"] * 5, 20)
    sexes = np.repeat(["f", "m"] * 10, 20)
    dataset = dataclasses.replace(waves(), groups={"sex": sexes, "site": sites}, wearers=wearers)
    return groups_tested(dataset, Split(np.arange(0, 60), np.arange(60, 80), np.arange(80, 400)), intersections=True)


@pytest.fixture
def verdicts(people):
    rng = np.random.default_rng(0)
    return [rng.dirichlet(np.ones(2), len(people.y)) for _ in range(2)]


def test_clean_figures_are_fairlearns_and_scikit_learns(people, verdicts):
    verdict = verdicts[0]
    said, found = verdict.argmax(axis=1), clean_fairness(verdict, people)
    recalls = recall_score(people.y, said, average=None)
    assert found["classes"]["cau"]["value"] == pytest.approx(np.ptp(recalls))
    assert found["classes"]["worst"]["value"] == pytest.approx(recalls.min())
    sex = found["attributes"]["sex"]
    frame = MetricFrame(
        metrics=accuracy_score, y_true=people.y, y_pred=said, sensitive_features=people.attributes["sex"]
    )
    assert sex["accuracy"]["value"] == pytest.approx(frame.difference())
    for index, label in enumerate(("slow", "fast")):
        of = people.y == index
        means = [verdict[of & (people.attributes["sex"] == value), index].mean() for value in "fm"]
        assert sex["eou"][label]["value"] == pytest.approx(abs(means[0] - means[1]))


def test_what_training_never_saw_and_what_nobody_knows_is_told(people, verdicts):
    found = clean_fairness(verdicts[0], people)["attributes"]
    assert {name: row["unseen_in_training"] for name, row in found.items()} == {
        "sex": [],
        "site": ["b", "c"],
        "sex & site": ["f & b", "f & c", "m & b", "m & c"],
    }
    unknown = found["site"]["accuracy"]["groups"]["unknown"]
    assert (unknown["value"], unknown["count"], unknown["reason"]) == (None, 20, "the value is not known")


def test_an_attack_is_judged_on_windows_that_were_right_without_it(people, verdicts):
    clean, attacked = verdicts
    before, after = (verdict.argmax(axis=1) == people.y for verdict in verdicts)
    found = attacked_fairness(clean, attacked, people)
    misled = {label: 1 - after[before & (people.y == index)].mean() for index, label in enumerate(("slow", "fast"))}
    cru = found["classes"]["cru_s"]
    assert cru["value"] == pytest.approx(abs(misled["slow"] - misled["fast"]))
    assert {name: group["value"] for name, group in cru["groups"].items()} == pytest.approx(misled)
    assert found["classes"]["cau"]["value"] == pytest.approx(np.ptp([after[people.y == k].mean() for k in (0, 1)]))
    assert set(found["attributes"]["sex & site"]["cru_s"]["groups"]) == {f"{a} & {b}" for a in "fm" for b in "abc"} | {
        "unknown"
    }


def test_a_class_that_is_never_right_cannot_be_misled(people):
    clean = np.tile([0.9, 0.1], (len(people.y), 1))
    groups = attacked_fairness(clean, clean, people)["classes"]["cru_s"]["groups"]
    assert (groups["fast"]["value"], groups["fast"]["reason"]) == (None, "nothing was counted")


def test_logits_that_are_no_numbers_are_undefined_and_say_so(people, verdicts):
    verdict = verdicts[0].copy()
    verdict[0] = np.nan
    found = clean_fairness(verdict, people)["attributes"]["sex"]["eou"][("slow", "fast")[people.y[0]]]
    assert found["value"] is None
    assert found["reason"].endswith("values are not finite numbers")


def test_least_epsilons_are_compared_over_classes_and_groups(people, verdicts):
    found, least = clean_fairness(verdicts[0], people), np.where(people.attributes["sex"] == "f", 0.1, 0.3)
    least[:4] = np.inf
    robustness_epsilon(found, least, 0.5, people)
    assert found["attributes"]["sex"]["cru_epsilon"]["value"] == pytest.approx(0.2, abs=0.02)
    assert found["classes"]["cru_epsilon"]["notes"][0].startswith("4 of 320 windows withstand")
    assert msgspec.json.encode(found)
