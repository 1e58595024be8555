from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import Judge, open_judge
from edgeguard.device.pipeline import MAX_BATCH, Pipeline
from edgeguard.device.policies import AllExits
from edgeguard.device.samples import Samples
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec
from tests.tiny_model import tiny_manifest, write_tiny_bundle

MANIFEST = tiny_manifest(signal=SignalSpec(channels=("ecg",), units="mV", window=8, hop=4))


class FakeEngine:
    """Three exits of two classes; the second exit listens to the window's level, so that exits may disagree."""

    def __init__(self):
        self.bundle = type("Bundle", (), {"manifest": MANIFEST})
        self.batches = []

    def infer(self, x):
        self.batches.append(len(x))
        level = x.mean(axis=(1, 2))
        still = np.zeros_like(level)
        return np.stack([np.stack([still + 1, still], 1), np.stack([still, level], 1), np.stack([still, still], 1)], 1)


def pipeline_of(engine=None, source="wrist"):
    return Pipeline(Judge(MANIFEST, AllExits(engine or FakeEngine())), source=source)


def stream(n, seed=0):
    return np.random.default_rng(seed).normal(size=(1, n)).astype(np.float32)


def said(verdicts):
    return [(v.start, v.predicted, v.confidence, v.exit_probabilities.tolist(), v.disagreement) for v in verdicts]


@given(sizes=st.lists(st.integers(0, 40), max_size=12), bad=st.sets(st.integers(0, 200), max_size=3))
def test_any_chunking_says_the_same_as_one_chunk(sizes, bad):
    values = stream(sum(sizes))
    values[:, [index for index in bad if index < values.shape[1]]] = np.nan
    whole, pieces = pipeline_of(), pipeline_of()
    expected = whole.step(Samples(0, values))
    found = []
    for begin, end in zip(np.cumsum([0, *sizes]), np.cumsum(sizes), strict=False):
        found += pieces.step(Samples(int(begin), values[:, begin:end]))
    assert repr(said(found)) == repr(said(expected))
    assert pieces.counts == whole.counts


def test_windows_of_one_step_go_to_the_model_together_in_bounded_batches():
    verdicts = pipeline_of(engine := FakeEngine()).step(Samples(0, stream(4 + 4 * (MAX_BATCH + 3))))
    assert engine.batches == [MAX_BATCH, 3]
    assert [verdict.start for verdict in verdicts] == list(range(0, 4 * (MAX_BATCH + 3), 4))
    assert {verdict.source for verdict in verdicts} == {"wrist"}


def test_gaps_and_repeats_are_counted():
    pipeline = pipeline_of()
    verdicts = [
        verdict
        for start, n in [(0, 10), (8, 4), (20, 8)]
        for verdict in pipeline.step(Samples(start, stream(n, seed=start)))
    ]
    assert [verdict.start for verdict in verdicts] == [0, 4, 20]
    counts = pipeline.counts
    assert (counts.gaps, counts.missing_samples, counts.repeated_samples) == (1, 8, 2)


def test_wrong_channels_are_the_sources_fault():
    with pytest.raises(SourceError, match=r"the model takes 1 channels \(ecg\)"):
        pipeline_of().step(Samples(0, np.zeros((2, 8), np.float32)))


def test_a_real_engine_serves_the_pipeline(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip")
    x, logits = bundle.golden()
    with open_judge(bundle, EngineConfig()) as judge:
        (verdict,) = Pipeline(judge).step(Samples(0, x[0]))
    expected = scipy.special.softmax(logits[0].astype(np.float64), axis=-1)
    np.testing.assert_allclose(verdict.exit_probabilities, expected, atol=1e-6)


def test_a_source_of_another_rate_is_resampled(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip")
    with open_judge(bundle, EngineConfig()) as judge:
        verdicts = Pipeline(judge, rate_hz=250.0).step(Samples(0, np.zeros((2, 250), np.float32)))
    assert [verdict.start for verdict in verdicts[:3]] == [0, 25, 50]
