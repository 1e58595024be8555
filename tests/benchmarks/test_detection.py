from __future__ import annotations

import numpy as np
import pytest

from benchmarks.detection_weights import SINGLE, STEPS, Development, normalized, simplex
from edgeguard.exits.disagreement import COMBINED_WEIGHTS, combined
from edgeguard.exits.ensemble import probabilities


def exits(agree, windows=200, seed=0):
    """Logits (n, 3, 2) of which this share agrees."""
    rng = np.random.default_rng(seed)
    logits = np.repeat(rng.normal(0, 3, (windows, 1, 2)), 3, axis=1)
    loud = rng.random(windows) > agree
    logits[loud] = rng.normal(0, 3, (int(loud.sum()), 3, 2))
    return logits.astype(np.float32)


def test_the_grid_has_every_corner_and_adds_up_to_one():
    points = [tuple(point) for point in simplex(STEPS)]
    assert len(points) == len(set(points)) == 28
    assert {(1, 0, 0), (0, 1, 0), (0, 0, 1)} <= set(points)
    assert np.sum(points, axis=1) == pytest.approx(1)


def test_weighed_scores_are_the_combined_score():
    logits = exits(agree=0.5)
    weights = np.array([COMBINED_WEIGHTS[name] for name in SINGLE])
    np.testing.assert_allclose(weights @ normalized(logits), combined(probabilities(logits)))


def test_weights_are_ranked_by_what_is_found_then_by_auroc():
    search = Development()
    listener = search.listener()
    listener.on_clean(exits(agree=0.99), exits(agree=0.99, seed=1))
    attacked = type("Attacked", (), {"logits": exits(agree=0.2, seed=2), "wrong": np.arange(200) < 50})
    listener.on_attacked(attacked)
    rows = search.weighed()
    assert len(rows) == 28
    order = [(row["found"], row["auroc"]) for row in rows]
    assert order == sorted(order, reverse=True)
    assert rows[0]["found"] > 0.2
    assert 0 <= rows[0]["found_harmful"] <= 1
