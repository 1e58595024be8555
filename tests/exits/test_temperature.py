from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from edgeguard.exits.ensemble import probabilities
from edgeguard.exits.temperature import fit_temperature


def draw_labels(exits, temperature, rng):
    """Labels drawn from the ensemble at the true temperature."""
    shares = scipy.special.softmax(np.log(exits.mean(axis=1)) / temperature, axis=-1)
    return (rng.random((len(shares), 1)) > shares.cumsum(axis=-1)).sum(axis=-1)


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_known_temperature_is_found_again(true):
    rng = np.random.default_rng(0)
    exits = probabilities(rng.normal(scale=3, size=(20_000, 3, 2)))
    assert fit_temperature(exits, draw_labels(exits, true, rng)) == pytest.approx(true, rel=0.06)


def test_without_a_single_error_confidence_stays_short_of_certainty():
    exits = probabilities(np.tile([[[1.0, 0.0]], [[0.0, 1.0]]], (49, 1, 1)))
    temperature = fit_temperature(exits, np.tile([0, 1], 49))
    confidence = scipy.special.softmax(np.array([1.0, 0.0]) / temperature).max()
    assert confidence == pytest.approx(99 / 100, abs=1e-4)  # (n + 1)/(n + classes)
