from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from edgeguard.exits.temperature import fit_temperature


def draw_labels(logits, temperature, rng):
    """Labels drawn from the ensemble at the true temperature."""
    shares = scipy.special.softmax(logits / temperature, axis=-1).mean(axis=1)
    return (rng.random((len(shares), 1)) > shares.cumsum(axis=-1)).sum(axis=-1)


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_known_temperature_is_found_again(true):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=(20_000, 3, 2))
    assert fit_temperature(logits, draw_labels(logits, true, rng)) == pytest.approx(true, rel=0.06)


def test_certain_and_right_everywhere_stays_in_range():
    logits = np.array([[[0.3, 0.0]], [[0.0, 0.3]]])
    assert 0.05 <= fit_temperature(logits, np.array([0, 1])) < 0.06
