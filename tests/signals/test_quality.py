from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from edgeguard.signals.quality import _sliding, context_s, flaw
from edgeguard.signals.spec import QualitySpec
from edgeguard.signals.synthetic import draw_wearer, synthesize

RATE = 360.0
SPEC = QualitySpec(flat=0.05, saturation=5.0, motion=1.2, mains=0.3)


def ecg(seconds=10.0, seed=0):
    return synthesize(draw_wearer(seed), rate_hz=RATE, seconds=seconds, seed=seed).signal_mv[None].copy()


def times(x):
    return np.arange(x.shape[1]) / RATE


def lead_off(x):
    x[:, 1000:1100] = 6.0


def negative_rail(x):
    x[:, 1000:1100] = -5.0


def flat(x):
    x[:, 1000:1361] = 0.3


def moved(x):
    x += 1.5 * np.exp(-((times(x) - 4) ** 2))


def hum_50(x):
    x += 0.5 * np.sin(2 * np.pi * 50 * times(x))


def hum_60(x):
    x += 0.5 * np.sin(2 * np.pi * 60.2 * times(x))


def missing(x):
    x[:, 7] = np.nan


def absurd(x):
    x[:, 7] = 3e38


DISTURBANCES = {
    lead_off: "saturated or lead off",
    negative_rail: "saturated or lead off",
    flat: "flat",
    moved: "motion",
    hum_50: "mains",
    hum_60: "mains",
    missing: "signal not finite",
    absurd: "signal not finite",
}


@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda one: one.__name__)
def test_each_disturbance_has_its_reason(disturb):
    x = ecg()
    disturb(x)
    assert flaw(x, RATE, SPEC) == DISTURBANCES[disturb]
    assert flaw(np.concatenate([ecg(), x]), RATE, SPEC) == DISTURBANCES[disturb], "in the second channel"


@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda one: one.__name__)
def test_what_is_none_is_not_looked_at(disturb):
    x = ecg()
    disturb(x)
    assert (flaw(x, RATE, QualitySpec()) is None) == (DISTURBANCES[disturb] != "signal not finite")


@pytest.mark.parametrize("seed", range(8))
def test_clean_ecg_of_all_morphologies_passes_in_stretches_of_any_length(seed):
    x = ecg(30.0, seed)
    for seconds in (2.0, 3.3, 10.0):
        n = round(seconds * RATE)
        for start in range(0, x.shape[1] - n, n):
            assert flaw(x[:, start : start + n], RATE, SPEC) is None


def test_short_and_borderline_stretches():
    x = ecg()
    x[:, 1000:1004] = 5.0  # an R peak that touches the rail
    assert flaw(x, RATE, SPEC) is None
    x[:, 1400:1700] = 0.3  # flat, but not for one second
    assert flaw(x, RATE, SPEC) is None
    for n in (0, 1, 2, 100):
        assert flaw(np.full((1, n), 0.1, np.float32), RATE, SPEC) is None
    assert flaw(np.full((1, 1), 7.0, np.float32), RATE, SPEC) == "saturated or lead off"


def test_mains_above_half_the_rate_are_not_looked_for():
    x = np.random.default_rng(0).normal(size=(1, 1000)).astype(np.float32)
    assert flaw(x, 99.0, QualitySpec(mains=0.05)) is None


def test_context_is_what_the_checks_need():
    assert context_s(QualitySpec(saturation=5.0)) == 0
    assert context_s(QualitySpec(flat=0.1, flat_s=0.5)) == 0.5
    assert context_s(QualitySpec(flat=0.1, flat_s=3.0, mains=0.5)) == 3.0
    assert context_s(QualitySpec(motion=1.0)) == 2.0


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64, 100])
def test_sliding_extremes_are_scipys(length):
    x = np.random.default_rng(length).normal(size=(2, 100)).astype(np.float32)
    inner = slice(length // 2, length // 2 + 101 - length)
    np.testing.assert_array_equal(_sliding(np.maximum, x, length), maximum_filter1d(x, length)[:, inner])
    np.testing.assert_array_equal(_sliding(np.minimum, x, length), minimum_filter1d(x, length)[:, inner])
