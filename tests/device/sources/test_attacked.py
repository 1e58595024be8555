from __future__ import annotations

import numpy as np
import pytest

from edgeguard.device.sources.attacked import Attacked, Stretch, on_wire
from edgeguard.errors import ConfigError
from edgeguard.signals.universal import UniversalFacts, UniversalPerturbation

VALUES = np.array([[0.1, -0.2, 0.3]], np.float32)


def perturbation(units="mV", rate_hz=100.0):
    facts = UniversalFacts(
        channels=("ECG",), units=units, norm="linf", epsilon=0.3, fool_rate=1.0, source="test", rate_hz=rate_hz
    )
    return UniversalPerturbation(VALUES, facts)


def flat(n):
    return np.ones((1, n), np.float32)


@pytest.mark.parametrize("step", [1, 4, 100])
def test_the_perturbation_is_laid_end_to_end_on_the_stretch_alone(step):
    attacked = Attacked(flat, 10.0, VALUES, Stretch(0.5, 1.2))
    values = np.concatenate([attacked(step) for _ in range(0, 20, step)], axis=1)[0, :20]
    expected = np.ones(20, np.float32)
    expected[5:12] += [0.1, -0.2, 0.3, 0.1, -0.2, 0.3, 0.1]
    np.testing.assert_allclose(values, expected)


def test_the_end_of_the_signal_is_handed_on():
    assert Attacked(lambda _: None, 10.0, VALUES, Stretch())(5) is None


def test_units_of_voltage_are_converted_and_others_take_what_they_are_told():
    np.testing.assert_allclose(on_wire(perturbation(), ("ECG",), "uV", 100.0, None), 1000 * VALUES)
    np.testing.assert_allclose(on_wire(perturbation("z-score"), ("ECG",), "uV", 100.0, 250.0), 250 * VALUES)
    np.testing.assert_allclose(on_wire(perturbation("g", None), ("ECG",), "g", 50.0, None), VALUES)


@pytest.mark.parametrize(
    ("channels", "rate_hz", "units", "message"),
    [
        (("MLII",), 100.0, "mV", "is for ECG, the signal has MLII: name them alike with --channels"),
        (("ECG",), 250.0, "mV", "is for 100 Hz, the signal has 250: craft another"),
        (("ECG",), 100.0, "z-score", "is in z-score of the model's input, the signal in uV: .* --attack-gain"),
    ],
)
def test_what_cannot_be_added_is_refused(channels, rate_hz, units, message):
    with pytest.raises(ConfigError, match=message) as caught:
        on_wire(perturbation(units), channels, "uV", rate_hz, None)
    assert "\n" not in str(caught.value)
