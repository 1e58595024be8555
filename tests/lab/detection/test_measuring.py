from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.exits.threshold import conformal_threshold
from edgeguard.lab.detection.detectors import DETECTORS
from edgeguard.lab.detection.measuring import Asked, Listener, measure
from edgeguard.lab.detection.parts import development_parts, final_parts
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.run import split_from_recipe
from edgeguard.metrics.detection import auroc
from tests.lab.conftest import wave_recipe

QUIET = {"quiet": {"rounds": 2, "steps": 5, "score": "vote_entropy"}}  # the score is each row's own


@pytest.fixture(scope="module")
def recipe():
    recipe = wave_recipe()
    table = msgspec.structs.replace(recipe.evaluation, epsilons=(0.6,), attacks=QUIET, attacked_windows=40)
    return msgspec.structs.replace(recipe, evaluation=table)


@pytest.fixture(scope="module")
def parts(recipe, wave_data):
    return final_parts(split_from_recipe(recipe, wave_data))


@pytest.fixture(scope="module")
def measured(recipe, parts, wave_data, wave_run):
    """The figures, and what the listener was given."""
    heard = {"attacks": [], "clean": [], "attacked": {}}
    listener = Listener(
        on_clean=lambda *logits: heard["clean"].extend(logits),
        on_attack=lambda attack, radius: heard["attacks"].append((attack, radius)),
        on_attacked=lambda found: heard["attacked"].update({found.attack: found}),
    )
    return measure(wave_run.net(), recipe, wave_data, parts, listener=listener), heard


def test_every_detector_meets_every_attack_the_quiet_ones_last(measured):
    figures, heard = measured
    attacks = ["pgd", "quiet: mutual_information", "quiet: confusion", "quiet: combined"]
    assert heard["attacks"] == [(attack, "0.6") for attack in attacks]
    for row in figures["radii"]["0.6"].values():
        assert list(row["detectors"]) == list(DETECTORS)


def test_figures_are_finite_and_can_be_written(measured):
    assert json.loads(json.dumps(measured[0], allow_nan=False)) == measured[0]


def test_thresholds_come_from_calibration_windows_alone(measured, wave_run, wave_data, parts):
    net, found = wave_run.net(), measured[0]["clean"]["confusion"]["rates"]["0.05"]
    scores, tested = (
        SCORES["confusion"](probabilities(logits_of(net, wave_data.x[part])))
        for part in (parts.calibration, parts.tested)
    )
    assert found["threshold"] == conformal_threshold(scores, 0.05)
    assert found["false_alarms"]["value"] == np.mean(tested > found["threshold"])


def test_attacked_figures_are_those_of_the_attacked_windows(measured):
    figures, heard = measured
    found, row = heard["attacked"]["pgd"], figures["radii"]["0.6"]["pgd"]
    scores, clean = (1 - ensemble(probabilities(logits)).max(1) for logits in (found.logits, heard["clean"][1]))
    threshold = figures["clean"]["max_softmax"]["rates"]["0.01"]["threshold"]
    detector = row["detectors"]["max_softmax"]
    assert detector["auroc"]["value"] == auroc(clean, scores)
    assert detector["rates"]["0.01"]["found"]["value"] == np.mean(scores > threshold)
    assert row["harmful"] == found.wrong.sum() > 0
    assert detector["rates"]["0.01"]["found_harmful"]["value"] == np.mean(scores[found.wrong] > threshold)


def test_an_attacker_who_knows_a_score_stays_under_its_threshold_where_he_can(measured):
    figures, heard = measured
    found, threshold = (
        heard["attacked"]["quiet: confusion"],
        figures["clean"]["confusion"]["rates"]["0.01"]["threshold"],
    )
    assert found.knows == "confusion"
    naive = SCORES["confusion"](probabilities(heard["attacked"]["pgd"].logits)) > threshold
    quiet = SCORES["confusion"](probabilities(found.logits)) > threshold
    assert quiet.sum() <= naive.sum()
    assert found.wrong.sum() > 0


def test_too_few_calibration_windows_are_refused_with_how_many_it_takes(recipe, parts, wave_data, wave_run):
    with pytest.raises(ConfigError, match=r"100 calibration windows .* at least 999"):
        measure(wave_run.net(), recipe, wave_data, parts, Asked(rates=(0.001,)))


def test_one_exit_has_baselines_and_no_quiet_attack(recipe, parts, wave_data):
    table = msgspec.structs.replace(recipe.net, exits=False)
    plain = net_from_recipe(table, wave_data.signal, 2, seed=0).eval()
    figures = measure(plain, recipe, wave_data, parts)
    assert set(figures["left_out"]) == set(SCORES)
    assert list(figures["radii"]["0.6"]) == ["pgd"]
    with pytest.raises(ConfigError, match="no detector is left: confusion: one exit never disagrees"):
        measure(plain, recipe, wave_data, parts, Asked(detectors=("confusion",)))


def test_development_sees_no_test_window(recipe, wave_data):
    split = split_from_recipe(recipe, wave_data)
    parts = development_parts(split, seed=0)
    assert sorted([*parts.calibration, *parts.tested]) == split.validation.tolist()
    assert len(parts.calibration) == len(parts.tested) == 50
