from __future__ import annotations

import numpy as np
import pytest

from edgeguard.demo.preparation import played_back
from edgeguard.signals.preprocessing import preprocess


@pytest.mark.parametrize(("scale_mv", "offset_mv"), [(0.2, 0.0), (3.0, -1.5)])
def test_a_perturbation_of_z_scores_comes_back_in_the_unit_of_the_signal(scale_mv, offset_mv):
    rng = np.random.default_rng(0)
    raw = (offset_mv + scale_mv * rng.normal(size=(4, 1, 64))).astype(np.float32)
    x = preprocess(raw, ["zscore"])
    perturbation = (0.3 * rng.choice([-1, 1], size=x.shape)).astype(np.float32)
    added = played_back(perturbation, raw, x)
    np.testing.assert_allclose(added, perturbation * raw.std(axis=-1, keepdims=True), rtol=1e-4)
    reached = preprocess(raw + added, ["zscore"])
    assert np.abs(reached - x).max() < 0.5  # nearly the perturbed input: the window's own scale changes a little


def test_without_scaling_a_perturbation_is_played_as_it_is():
    raw = np.random.default_rng(0).normal(size=(2, 1, 32)).astype(np.float32)
    perturbation = np.full_like(raw, 0.1)
    np.testing.assert_allclose(played_back(perturbation, raw, raw), perturbation, rtol=1e-6)
