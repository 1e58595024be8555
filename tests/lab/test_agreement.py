from __future__ import annotations

import numpy as np
import pytest

from edgeguard.exits.agreement import of_stages_used, stages_used
from edgeguard.exits.disagreement import mutual_information
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.agreement import agreement_figures, calibrated_agreement, observed_agreement, too_few_to_agree
from edgeguard.lab.recipe import CalibrationTable, NetTable
from tests.lab.conftest import wave_recipe

TABLE = CalibrationTable(score="mutual_information", accuracy_loss=0.02, false_alarm_rate=0.05)


def windows(n, exits=4, seed=0):
    """Probabilities (n, exits, 2) of exits that mostly agree, and the classes of the windows."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    lean = (2 * np.eye(2)[y] - 1)[:, None] * rng.exponential(1.5, (n, 1, 1))
    return probabilities(lean + rng.normal(0, 1, (n, exits, 2))), y


def test_the_promises_are_those_of_the_policy_on_new_windows():
    exits, y = windows(2000)
    agreement = calibrated_agreement(exits, y, TABLE)
    assert sum(agreement.stages) == pytest.approx(1)
    new = agreement_figures(agreement, *windows(50_000, seed=1))
    assert new["stages"] == pytest.approx(agreement.stages, abs=0.03)
    assert new["lost"] <= 0.02
    assert new["alarm_rate"] == pytest.approx(0.05, abs=0.02)  # the rule for all exits would be far off
    assert new["mean_stages"] < 4


def test_threshold_and_quantiles_are_of_the_policys_own_scores():
    exits, y = windows(500)
    agreement = calibrated_agreement(exits, y, TABLE)
    scores = of_stages_used(mutual_information, exits, stages_used(exits, agreement.confidence))
    rule = agreement.disagreement
    assert (scores > rule.threshold).sum() == 500 - np.ceil(501 * 0.95)
    assert rule.clean_quantiles[9] == np.sort(scores)[250]
    assert rule.calibration_windows == 500


def test_figures_by_hand():
    exits = np.array([[[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]], [[0.6, 0.4], [0.3, 0.7], [0.2, 0.8]]])
    agreement = calibrated_agreement(*windows(2000, exits=3), TABLE)
    figures = agreement_figures(agreement, exits, np.array([0, 1]))
    assert (figures["stages"], figures["mean_stages"]) == ([0.0, 0.5, 0.5], 2.5)
    assert (figures["accuracy"], figures["lost"]) == (1.0, 0.0)
    observed = observed_agreement(agreement, {**figures, "lost": 0.25, "alarm_rate": 0.5}, 2)
    assert (observed.observed_loss, observed.disagreement.observed_rate) == (0.25, 0.5)
    assert observed.disagreement.observed_interval == pytest.approx((0.0126, 0.9874), abs=1e-4)


def test_nothing_lost_against_all_exits_is_no_credit():
    exits, y = windows(300, seed=3)
    agreement = calibrated_agreement(*windows(2000), TABLE)
    policy = of_stages_used(ensemble, exits, stages_used(exits, agreement.confidence)).argmax(axis=1)
    lost = (ensemble(exits).argmax(axis=1) == y) & (policy != y)
    assert agreement_figures(agreement, exits, y)["lost"] == lost.mean()


def test_too_few_windows_say_how_many_it_takes():
    recipe = wave_recipe(calibration=CalibrationTable(accuracy_loss=0.01))
    (line,) = too_few_to_agree(298, recipe)
    assert "298 calibration windows cannot bound the accuracy loss to 0.01, it takes at least 299" in line
    assert too_few_to_agree(299, recipe) == []
    assert too_few_to_agree(5, wave_recipe(calibration=CalibrationTable(accuracy_loss=0))) == []
    assert too_few_to_agree(5, wave_recipe(net=NetTable(name="fcnet", exits=False))) == []


@pytest.mark.parametrize(
    ("table", "n", "exits"),
    [
        (CalibrationTable(accuracy_loss=0.0), 2000, 4),
        (CalibrationTable(accuracy_loss=0.01), 298, 4),
        (CalibrationTable(accuracy_loss=0.02), 2000, 2),
    ],
)
def test_what_cannot_be_promised_or_saves_nothing_is_not_offered(table, n, exits):
    assert calibrated_agreement(*windows(n, exits), table) is None
