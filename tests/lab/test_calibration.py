from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from edgeguard.errors import ConfigError
from edgeguard.lab.calibration import Calibration, calibrate
from edgeguard.lab.inference import logits_of
from edgeguard.lab.recipe import CalibrationTable
from edgeguard.lab.run import split_from_recipe


@pytest.fixture(scope="module")
def validation(wave_run, wave_data):
    part = split_from_recipe(wave_run.recipe(), wave_data).validation
    return wave_run.net(), wave_data.x[part], wave_data.y[part]


@pytest.mark.parametrize(("rate", "allowed"), [(0.02, 1), (0.1, 9), (0.5, 50)])
def test_no_more_alarms_on_the_calibration_windows_than_promised(validation, rate, allowed):
    net, x, y = validation
    calibration = calibrate(net, x, y, CalibrationTable(false_alarm_rate=rate))
    alarms = (calibration.scores(logits_of(net, x)) > calibration.threshold).sum()
    assert (calibration.windows, calibration.false_alarm_rate) == (100, rate)
    assert alarms <= allowed


def test_temperature_makes_the_validation_likelier_and_changes_no_class(validation):
    net, x, y = validation
    calibration = calibrate(net, x, y, CalibrationTable())
    plain = scipy.special.softmax(logits_of(net, x).astype(float), axis=-1).mean(axis=1)
    verdict = calibration.verdict(logits_of(net, x))
    assert (verdict.argmax(axis=1) == plain.argmax(axis=1)).all()
    smoothed = (len(y) * np.eye(2)[y] + 1) / (len(y) + 2)
    assert -(smoothed * np.log(verdict)).sum() <= -(smoothed * np.log(plain)).sum() + 1e-9


def test_scores_are_those_of_the_chosen_name():
    logits = np.log(np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]]], dtype=np.float32))
    confusion = Calibration(1.0, "confusion", 0.0, 0.01, 99).scores(logits)
    assert confusion == pytest.approx([1.6, 0.0], abs=1e-6)


def test_too_few_windows_for_the_promise_are_refused(validation):
    net, x, y = validation
    with pytest.raises(ConfigError, match=r"98 calibration windows cannot promise a false-alarm rate of 0\.01"):
        calibrate(net, x[:98], y[:98], CalibrationTable())
