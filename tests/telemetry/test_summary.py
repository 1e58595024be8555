from __future__ import annotations

import numpy as np
import pytest

from edgeguard.telemetry.histogram import ShareHistogram
from edgeguard.telemetry.summary import SummaryBuilder
from edgeguard.telemetry.tally import NOTHING
from tests.telemetry.oracle import tally_of

CLASSES = ("normal", "abnormal")


def rows(n):
    rng = np.random.default_rng(n)
    for _ in range(n):
        exits = rng.dirichlet(np.ones(2), size=3)
        mean = exits.mean(axis=0)
        yield {
            "predicted": int(mean.argmax()),
            "confidence": float(mean.max()),
            "exit_probabilities": exits,
            "disagreement": float(rng.exponential(0.1)),
            "alarm": bool(rng.uniform() < 0.2),
            "latency_ms": 0.5,
        }


@pytest.mark.parametrize("n", [1, 700])
def test_windows_counted_one_by_one_are_the_tally_of_all(n):
    builder = SummaryBuilder(CLASSES, 2.0)
    for row in rows(n):
        builder.add(**row)
    columns = {name: np.array([row[name] for row in rows(n)]) for name in next(rows(1))}
    expected = tally_of(CLASSES, **columns, temperature=2.0)
    tally = builder.take()
    assert (tally.windows, tally.alarms, tally.predictions) == (n, expected.alarms, expected.predictions)
    assert (tally.margin.counts, tally.stages) == (expected.margin.counts, expected.stages)
    assert {name: h.counts for name, h in tally.confidence.items()} == {
        name: h.counts for name, h in expected.confidence.items()
    }
    assert tally.probability == pytest.approx(expected.probability)
    for name in ("disagreement", "latency_ms", "margin"):
        assert getattr(tally, name).sum == pytest.approx(getattr(expected, name).sum)


def test_counts_and_margin_by_hand():
    builder = SummaryBuilder(("normal", "abnormal", "noise"), 1.0)
    exits = np.array([[0.92, 0.08, 0.0], [0.5, 0.5, 0.0]])
    builder.add(**next(rows(1)) | {"predicted": 0, "confidence": 0.71, "exit_probabilities": exits, "alarm": True})
    certain = {"predicted": 1, "confidence": 1.0, "exit_probabilities": np.eye(3)[[1]], "alarm": False}
    builder.add(**next(rows(1)) | certain)
    tally = builder.take()
    assert (tally.windows, tally.alarms, tally.predictions) == (2, 1, {"normal": 1, "abnormal": 1})
    assert tally.confidence == {"normal": ShareHistogram.of([0.71]), "abnormal": ShareHistogram.of([1.0])}
    assert tally.margin.sum == pytest.approx(0.42 + 1.0)
    assert tally.probability == pytest.approx({"normal": 0.71, "abnormal": 1.29})
    assert tally.margin.counts[8] == tally.margin.counts[19] == 1
    assert (tally.stages, tally.latency_ms.mean) == ((1, 1), 0.5)


def test_rejections_and_gaps_are_counted_and_taking_begins_anew():
    builder = SummaryBuilder(CLASSES, 1.0)
    for reason in ("flat", "flat", "not finite"):
        builder.reject(reason)
    tally = builder.take(gaps=1, missing_samples=9, repeated_samples=2, faults={"link lost": 4}, suppressed=5)
    assert (tally.windows, tally.rejected) == (3, {"flat": 2, "not finite": 1})
    assert (tally.gaps, tally.missing_samples, tally.repeated_samples) == (1, 9, 2)
    assert (tally.faults, tally.suppressed) == ({"link lost": 4}, 5)
    assert builder.take() == NOTHING
