from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import periodogram

from edgeguard.signals.noise import NoiseLevels, interference_mv, wander_mv

SILENT = NoiseLevels(white_mv=0, muscle_mv=0, wander_mv=0, mains_mv=0, mains_hz=50, breathing_hz=0.25)
TIMES = np.arange(120 * 250) / 250


def power_by_frequency(signal):
    return periodogram(signal, 250)


@pytest.mark.parametrize("kind", ["white_mv", "muscle_mv"])
def test_each_level_is_the_standard_deviation(kind):
    noise = interference_mv(TIMES, dataclasses.replace(SILENT, **{kind: 0.05}), np.random.default_rng(0))
    assert noise.std() == pytest.approx(0.05, rel=0.02)


def test_mains_is_a_sine_of_the_given_amplitude():
    mains = interference_mv(TIMES, dataclasses.replace(SILENT, mains_mv=0.02), np.random.default_rng(0))
    frequency, power = power_by_frequency(mains)
    assert frequency[power.argmax()] == 50
    assert mains.max() == pytest.approx(0.02, rel=0.01)


def test_muscle_lies_above_20_hz_and_wander_below_1_hz():
    levels = dataclasses.replace(SILENT, muscle_mv=0.1, wander_mv=0.1)
    frequency, muscle = power_by_frequency(interference_mv(TIMES, levels, np.random.default_rng(0)))
    _, wander = power_by_frequency(wander_mv(TIMES, levels, np.random.default_rng(0)))
    assert muscle[frequency > 15].sum() > 0.95 * muscle.sum()
    assert wander[frequency < 1].sum() > 0.99 * wander.sum()
