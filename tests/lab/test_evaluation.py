from __future__ import annotations

import json

import numpy as np
import pytest

from edgeguard.errors import ConfigError
from edgeguard.exits.agreement import agrees
from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.evaluation import evaluate, windows_to_attack
from edgeguard.lab.recipe import evaluated_as
from edgeguard.lab.report import most_telling, render_report
from edgeguard.lab.run import split_from_recipe
from edgeguard.metrics.classification import weighted_f1


@pytest.fixture(scope="module")
def measured(wave_run, wave_data):
    recipe = wave_run.recipe()
    return evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data))


def test_figures_are_those_of_the_test_windows(measured, wave_data, wave_run):
    split = split_from_recipe(wave_run.recipe(), wave_data)
    verdict = ensemble(probabilities(measured.logits), measured.calibration.temperature)
    assert measured.figures["test_windows"] == len(split.test) == len(verdict)
    assert measured.figures["clean"]["ensemble"]["f1"] == weighted_f1(verdict, wave_data.y[split.test])
    assert len(measured.figures["clean"]["exits"]) == measured.figures["exits"] == 3


def test_every_epsilon_is_attacked_within_its_ball(measured):
    assert [row["epsilon"] for row in measured.figures["pgd"]] == [0.1, 1.0]
    for result in measured.attacked:
        assert np.abs(result.x_adv - measured.x).max() <= result.epsilon * (1 + 1e-5)


def test_a_stronger_attack_hurts_more_and_is_told_from_clean(measured):
    clean, (weak, strong) = measured.figures["clean"], measured.figures["pgd"]
    assert clean["exits"][-1]["f1"] >= weak["exits"][-1]["f1"] > strong["exits"][-1]["f1"]
    for row in (weak, strong):
        assert set(row["detection"]) == set(SCORES)
        assert all(0 <= score["auroc"] <= 1 for score in row["detection"].values())


def test_the_alarm_rate_is_the_share_over_the_threshold(measured):
    alarm = measured.figures["calibration"]
    scores = measured.calibration.scores(measured.logits)
    assert alarm["observed_false_alarm_rate"] == (scores > alarm["threshold"]).mean()
    low, high = alarm["observed_interval"]
    assert low <= alarm["observed_false_alarm_rate"] <= high


def test_early_stopping_is_measured_clean_and_under_attack(measured, wave_data, wave_run):
    policy, clean = measured.figures["agreement"]["policy"], measured.figures["agreement"]["clean"]
    y = wave_data.y[split_from_recipe(wave_run.recipe(), wave_data).test]
    for logits, row in (
        (measured.logits, clean),
        (measured.attacked[1].logits, measured.figures["pgd"][1]["agreement"]),
    ):
        right = stages = 0
        for window, label in zip(probabilities(logits), y, strict=True):
            k = next(k for k in (2, 3) if k == 3 or agrees(window[:2].tolist(), policy["confidence"]))
            right, stages = right + (window[:k].mean(axis=0).argmax() == label), stages + k
        assert (row["accuracy"], row["mean_stages"]) == (right / len(y), stages / len(y))
        assert row["stages"] == pytest.approx([0, 3 - stages / len(y), stages / len(y) - 2])
    assert policy["observed_loss"] == clean["lost"] <= 0.05


def test_figures_are_plain_json_and_repeat(measured, wave_data, wave_run):
    text = json.dumps(measured.figures, allow_nan=False)
    recipe = wave_run.recipe()
    again = evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data))
    assert json.dumps(again.figures) == text


def test_the_report_is_one_file_that_needs_no_other(measured, wave_run):
    recipe, facts = wave_run.recipe(), wave_run.facts()
    page = render_report(measured, recipe, facts.signal, facts.classes, beside=measured.figures)
    assert page.count('src="data:image/svg+xml;base64,') == page.count("<img") == 4 + len(facts.classes)
    assert "http" not in page.replace("http-equiv", "")
    assert f"{measured.figures['clean']['ensemble']['f1']:.3f}" in page
    assert "not a medical device" in page


def test_the_report_shows_the_attack_nearest_one_half(measured):
    f1 = [row["ensemble"]["f1"] for row in measured.figures["pgd"]]
    shown = most_telling(measured)
    assert abs(f1[measured.attacked.index(shown)] - 0.5) == min(abs(value - 0.5) for value in f1)


@pytest.mark.parametrize("count", [None, 20, 3, 1000])
def test_windows_to_attack_keep_the_shares_of_classes_and_the_seed(count):
    y = np.repeat([0, 1, 2], [900, 99, 1])
    picked = windows_to_attack(y, count, seed=3)
    expected = {None: [900, 99, 1], 1000: [900, 99, 1], 20: [18, 2, 1], 3: [3, 1, 1]}[count]
    assert np.bincount(y[picked]).tolist() == expected
    assert len(set(picked)) == len(picked)
    np.testing.assert_array_equal(picked, windows_to_attack(y, count, seed=3))
    assert count in {None, 1000} or picked.tolist() != windows_to_attack(y, count, seed=4).tolist()


def test_only_the_chosen_windows_are_attacked_and_all_are_measured_clean(wave_run, wave_data):
    recipe = evaluated_as(wave_run.recipe(), ["evaluation.attacked_windows=30", "evaluation.epsilons=[0.1]"])
    found = evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data))
    assert (found.figures["test_windows"], found.figures["attacked_windows"]) == (100, 30)
    (result,) = found.attacked
    assert np.abs(result.x_adv - found.x[found.picked]).max() <= 0.1 * (1 + 1e-5)
    assert found.figures["pgd"][0]["ensemble"]["f1"] == weighted_f1(
        found.calibration.verdict(result.logits), found.y[found.picked]
    )
    facts = wave_run.facts()
    assert "30 of the 100 test windows were attacked" in render_report(found, recipe, facts.signal, facts.classes)


def test_any_attack_is_measured_beside_naive_pgd(wave_run, wave_data):
    attacks = {"pgd_avg": {"steps": 2}, "pgd": {"start_share": 0.0}}
    recipe = evaluated_as(
        wave_run.recipe(), ["evaluation.epsilons=['10 dB', [0.3]]", f"evaluation.attacks={attacks}".replace(":", " =")]
    )
    figures = evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data)).figures
    assert list(figures["attacks"]) == ["pgd_avg"]
    assert [row["label"] for row in figures["attacks"]["pgd_avg"]] == ["10 dB", "0.3"]
    assert figures["evaluation"]["attacks"] == attacks
    for worst, *rows in zip(figures["worst_case"], figures["pgd"], figures["attacks"]["pgd_avg"], strict=True):
        assert worst["accuracy"] <= min(row["ensemble"]["accuracy"] for row in rows)


def test_least_epsilons_are_searched_where_asked(wave_run, wave_data):
    recipe = evaluated_as(wave_run.recipe(), ["evaluation.least_epsilons=true", "evaluation.epsilons=[1.0]"])
    figures = evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data)).figures
    found = figures["clean"]["fairness"]["classes"]["cru_epsilon"]
    means = [group["value"] for group in found["groups"].values()]
    assert 0 < min(means) < max(means) <= 1
    assert found["value"] == pytest.approx(max(means) - min(means))
    with pytest.raises(ConfigError, match="takes epsilons that are numbers, not '20 dB'"):
        evaluated_as(wave_run.recipe(), ["evaluation.least_epsilons=true", "evaluation.epsilons=['20 dB']"])
