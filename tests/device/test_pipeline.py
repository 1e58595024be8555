from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.device.engines import open_engine
from edgeguard.device.pipeline import MAX_BATCH, Pipeline
from edgeguard.device.samples import Samples
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec
from tests.tiny_model import tiny_manifest, write_tiny_bundle

MANIFEST = tiny_manifest(signal=SignalSpec(channels=("ecg",), units="mV", window=8, hop=4))


def logits_of(x):
    """Three exits of two classes; the second exit listens to the window's level, so that exits may disagree."""
    level = x.mean(axis=(1, 2))
    still = np.zeros_like(level)
    return np.stack([np.stack([still + 1, still], 1), np.stack([still, level], 1), np.stack([still, still], 1)], 1)


def stream(n, seed=0):
    return np.random.default_rng(seed).normal(size=(1, n)).astype(np.float32)


def said(verdicts):
    return [(v.start, v.predicted, v.confidence, v.exit_probabilities.tolist(), v.disagreement) for v in verdicts]


def test_verdict_is_the_manifests_arithmetic():
    manifest = msgspec.structs.replace(MANIFEST, temperature=2.0)
    x = stream(8) + 3
    (verdict,) = Pipeline(manifest, logits_of).step(Samples(5, x))
    exits = scipy.special.softmax(logits_of(x[None])[0].astype(np.float64), axis=-1)
    mean = exits.mean(axis=0)
    calibrated = scipy.special.softmax(np.log(mean) / 2.0)
    score = scipy.stats.entropy(mean) - scipy.stats.entropy(exits, axis=-1).mean()
    assert (verdict.start, verdict.predicted, verdict.rejected) == (5, mean.argmax(), None)
    assert (verdict.confidence, verdict.disagreement) == pytest.approx((calibrated.max(), score), rel=1e-9)
    np.testing.assert_allclose(verdict.exit_probabilities, exits)
    assert verdict.alarm == (score > 0.05)


def test_alarm_is_strictly_over_the_threshold():
    x = stream(8) + 3
    (verdict,) = Pipeline(MANIFEST, logits_of).step(Samples(0, x))
    for threshold, alarm in [(verdict.disagreement, False), (np.nextafter(verdict.disagreement, 0), True)]:
        rule = msgspec.structs.replace(MANIFEST.disagreement, threshold=float(threshold))
        pipeline = Pipeline(msgspec.structs.replace(MANIFEST, disagreement=rule), logits_of)
        assert pipeline.step(Samples(0, x))[0].alarm is alarm
        assert pipeline.counts.alarms == alarm


@given(sizes=st.lists(st.integers(0, 40), max_size=12), bad=st.sets(st.integers(0, 200), max_size=3))
def test_any_chunking_says_the_same_as_one_chunk(sizes, bad):
    values = stream(sum(sizes))
    values[:, [index for index in bad if index < values.shape[1]]] = np.nan
    whole, pieces = Pipeline(MANIFEST, logits_of), Pipeline(MANIFEST, logits_of)
    expected = whole.step(Samples(0, values))
    found = []
    for begin, end in zip(np.cumsum([0, *sizes]), np.cumsum(sizes), strict=False):
        found += pieces.step(Samples(int(begin), values[:, begin:end]))
    assert repr(said(found)) == repr(said(expected))
    assert pieces.counts == whole.counts


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_window_that_is_not_finite_never_reaches_the_model(value):
    seen = []

    def infer(x):
        seen.append(x)
        return logits_of(x)

    values = stream(12)
    values[0, 9] = value
    first, second = (pipeline := Pipeline(MANIFEST, infer)).step(Samples(0, values))
    assert (first.rejected, second.rejected) == (None, "signal not finite")
    assert (second.start, second.predicted, second.alarm, second.exit_probabilities.size) == (4, None, False, 0)
    assert math.isnan(second.confidence)
    assert math.isnan(second.disagreement)
    assert np.isfinite(np.concatenate(seen)).all()
    assert (pipeline.counts.windows, pipeline.counts.rejected) == (2, {"signal not finite": 1})


def test_signal_that_overflows_in_preprocessing_is_rejected():
    signal = SignalSpec(channels=("ecg",), units="mV", window=8, hop=4, preprocessing=("zscore",))
    pipeline = Pipeline(msgspec.structs.replace(MANIFEST, signal=signal), logits_of)
    (verdict,) = pipeline.step(Samples(0, np.full((1, 8), 3e38, np.float32)))
    assert verdict.rejected == "signal not finite"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_give_no_verdict(value):
    pipeline = Pipeline(MANIFEST, lambda x: np.full((len(x), 3, 2), value, np.float32))
    (verdict,) = pipeline.step(Samples(0, stream(8)))
    assert (verdict.rejected, verdict.predicted) == ("logits not finite", None)


def test_preprocessing_comes_before_the_model():
    signal = SignalSpec(channels=("ecg",), units="mV", window=8, hop=4, preprocessing=("center",))
    seen = []
    pipeline = Pipeline(msgspec.structs.replace(MANIFEST, signal=signal), lambda x: (seen.append(x), logits_of(x))[1])
    values = stream(8) + 7
    pipeline.step(Samples(0, values))
    np.testing.assert_allclose(seen[0][0], values - values.mean(), atol=1e-6)


def test_windows_of_one_step_go_to_the_model_together_in_bounded_batches():
    batches = []
    pipeline = Pipeline(MANIFEST, lambda x: (batches.append(len(x)), logits_of(x))[1])
    verdicts = pipeline.step(Samples(0, stream(4 + 4 * (MAX_BATCH + 3))))
    assert batches == [MAX_BATCH, 3]
    assert [verdict.start for verdict in verdicts] == list(range(0, 4 * (MAX_BATCH + 3), 4))


def test_gaps_and_repeats_are_counted():
    pipeline = Pipeline(MANIFEST, logits_of)
    verdicts = [
        verdict
        for start, n in [(0, 10), (8, 4), (20, 8)]
        for verdict in pipeline.step(Samples(start, stream(n, seed=start)))
    ]
    assert [verdict.start for verdict in verdicts] == [0, 4, 20]
    counts = pipeline.counts.stream
    assert (counts.gaps, counts.missing_samples, counts.repeated_samples) == (1, 8, 2)


def test_wrong_channels_are_the_sources_fault():
    with pytest.raises(SourceError, match=r"the model takes 1 channels \(ecg\)"):
        Pipeline(MANIFEST, logits_of).step(Samples(0, np.zeros((2, 8), np.float32)))


def test_after_an_error_the_stream_goes_on_as_after_a_gap():
    answers = iter([RuntimeError("lost"), None])

    def infer(x):
        if error := next(answers):
            raise error
        return logits_of(x)

    pipeline = Pipeline(MANIFEST, infer)
    with pytest.raises(RuntimeError, match="lost"):
        pipeline.step(Samples(0, stream(8)))
    assert [verdict.start for verdict in pipeline.step(Samples(8, stream(4)))] == [4]


def test_a_real_engine_serves_the_pipeline(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip")
    x, logits = bundle.golden()
    with open_engine("onnxruntime", bundle) as engine:
        pipeline = Pipeline(bundle.manifest, engine.infer)
        (verdict,) = pipeline.step(Samples(0, x[0]))
    expected = scipy.special.softmax(logits[0].astype(np.float64), axis=-1)
    np.testing.assert_allclose(verdict.exit_probabilities, expected, atol=1e-6)
