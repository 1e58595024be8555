from __future__ import annotations

import io
import math

import msgspec
import numpy as np
import pytest
import scipy.special
import scipy.stats

from edgeguard.bundle.manifest import Agreement
from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import Judge, open_judge
from edgeguard.device.policies import AllExits
from edgeguard.device.samples import Window
from edgeguard.errors import ConfigError, EngineError
from edgeguard.exits.agreement import stages_used
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.signals.spec import SignalSpec
from tests.tiny_model import tiny_content, tiny_logits, tiny_manifest, write_tiny_bundle

SIGNAL = SignalSpec(channels=("ecg",), units="mV", window=8, hop=4)
MANIFEST = tiny_manifest(signal=SIGNAL)
AGREEMENT = Agreement(
    confidence=0.7,
    accuracy_loss=0.01,
    stages=(0.0, 0.8, 0.2),
    disagreement=msgspec.structs.replace(MANIFEST.disagreement, threshold=0.002, score="confusion"),
)


class Fake:
    """Three exits of two classes; the second exit listens to the window's level, so that exits may disagree."""

    def __init__(self, manifest=MANIFEST):
        self.bundle = type("Bundle", (), {"manifest": manifest})
        self.batches = []

    def infer(self, x):
        self.batches.append(x)
        level = x.mean(axis=(1, 2))
        still = np.zeros_like(level)
        return np.stack([np.stack([still + 1, still], 1), np.stack([still, level], 1), np.stack([still, still], 1)], 1)


def judge_of(engine):
    return Judge(engine.bundle.manifest, AllExits(engine))


def window(values=None, start=0, rejected=None, source="wrist"):
    values = np.random.default_rng(start).normal(size=(1, 8)) + 3 if values is None else values
    return Window(start, np.asarray(values, dtype=np.float32), rejected, source)


def test_verdict_is_the_manifests_arithmetic():
    manifest, given = msgspec.structs.replace(MANIFEST, temperature=2.0), window(start=5)
    (verdict,) = judge_of(Fake(manifest)).judge([given])
    exits = scipy.special.softmax(Fake().infer(given.values[None])[0].astype(np.float64), axis=-1)
    mean = exits.mean(axis=0)
    calibrated = scipy.special.softmax(np.log(mean) / 2.0)
    score = scipy.stats.entropy(mean) - scipy.stats.entropy(exits, axis=-1).mean()
    assert (verdict.start, verdict.source, verdict.predicted, verdict.rejected) == (5, "wrist", mean.argmax(), None)
    assert (verdict.confidence, verdict.disagreement) == pytest.approx((calibrated.max(), score), rel=1e-9)
    np.testing.assert_allclose(verdict.exit_probabilities, exits)
    assert (verdict.alarm, verdict.stages) == (score > 0.05, 3)


def test_alarm_is_strictly_over_the_threshold():
    (verdict,) = judge_of(Fake()).judge([window()])
    for threshold, alarm in [(verdict.disagreement, False), (np.nextafter(verdict.disagreement, 0), True)]:
        rule = msgspec.structs.replace(MANIFEST.disagreement, threshold=float(threshold))
        judge = judge_of(Fake(msgspec.structs.replace(MANIFEST, disagreement=rule)))
        assert judge.rule == rule
        assert judge.judge([window()])[0].alarm is alarm


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_or_rejected_never_reaches_the_model_and_holds_up_nobody(value):
    spoiled = np.zeros((1, 8))
    spoiled[0, 3] = value
    windows = [window(start=0), window(spoiled, 8), window(start=16, rejected="flat"), window(start=24, source="chest")]
    verdicts = judge_of(engine := Fake()).judge(windows)
    assert [v.rejected for v in verdicts] == [None, "signal not finite", "flat", None]
    assert [v.start for v in verdicts] == [0, 8, 16, 24]
    assert [v.source for v in verdicts] == ["wrist", "wrist", "wrist", "chest"]
    (batch,) = engine.batches
    np.testing.assert_array_equal(batch, [windows[0].values, windows[3].values])
    for verdict in verdicts[1:3]:
        assert (verdict.predicted, verdict.alarm, verdict.stages) == (None, False, 0)
        assert math.isnan(verdict.confidence)
        assert math.isnan(verdict.disagreement)


def test_nothing_to_judge_does_not_reach_the_model():
    judge = judge_of(engine := Fake())
    assert judge.judge([]) == []
    spoiled = [window(np.full((1, 8), np.nan)), window(rejected="saturated")]
    assert [v.rejected for v in judge.judge(spoiled)] == ["signal not finite", "saturated"]
    assert not engine.batches


def test_signal_that_overflows_in_preprocessing_is_rejected():
    signal = msgspec.structs.replace(SIGNAL, preprocessing=("zscore",))
    judge = judge_of(Fake(msgspec.structs.replace(MANIFEST, signal=signal)))
    assert judge.judge([window(np.full((1, 8), 3e38))])[0].rejected == "signal not finite"


def test_preprocessing_comes_before_the_model():
    signal = msgspec.structs.replace(SIGNAL, preprocessing=("center",))
    engine = Fake(msgspec.structs.replace(MANIFEST, signal=signal))
    windows = [window(start=0), window(start=8)]
    judge_of(engine).judge(windows)
    np.testing.assert_allclose(engine.batches[0].mean(axis=-1), 0, atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_give_no_verdict(value):
    engine = Fake()
    engine.infer = lambda x: np.full((len(x), 3, 2), value, np.float32)
    (verdict,) = judge_of(engine).judge([window()])
    assert (verdict.rejected, verdict.predicted) == ("logits not finite", None)


def many(signal, n=60):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, *signal.shape)) * rng.uniform(0, 6, (n, 1, 1))
    return [Window(start, values.astype(np.float32)) for start, values in enumerate(x)]


def test_agree_says_what_the_lab_says_of_the_exits_it_ran(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip", agreement=AGREEMENT, temperature=1.5)
    windows = many(bundle.manifest.signal)
    with open_judge(bundle, EngineConfig(policy="agree")) as judge:
        assert (judge.rule, judge.stage_shares) == (bundle.manifest.agreement.disagreement, AGREEMENT.stages)
        verdicts = judge.judge(windows)
    exits = probabilities(tiny_logits(np.stack([window.values for window in windows])))
    stages = stages_used(exits, 0.7)
    assert set(stages) == {2, 3}
    for verdict, window_exits, k in zip(verdicts, exits, stages, strict=True):
        run = window_exits[:k]
        mean = ensemble(run[None], 1.5)[0]
        score = np.abs(run - run[-1]).sum()
        assert (verdict.stages, verdict.predicted) == (k, mean.argmax())
        assert (verdict.confidence, verdict.disagreement) == pytest.approx((mean.max(), score), abs=1e-5)
        assert verdict.alarm == (verdict.disagreement > 0.002)


def test_all_is_the_bundles_own_rule_and_tests_itself(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip", agreement=AGREEMENT)
    x, logits = bundle.golden()
    with open_judge(bundle, EngineConfig()) as judge:
        assert (judge.manifest, judge.rule, judge.stage_shares) == (
            bundle.manifest,
            bundle.manifest.disagreement,
            None,
        )
        assert 0 <= judge.self_test() < 1e-5
        (verdict,) = judge.judge([Window(0, x[0])])
    np.testing.assert_allclose(verdict.exit_probabilities, probabilities(logits[0]), atol=1e-6)


@pytest.mark.parametrize("policy", ["all", "agree"])
def test_an_engine_that_serves_wrongly_judges_nothing(tmp_path, policy):
    wrong = tiny_content(tiny_manifest())["golden.npz"]
    with np.load(io.BytesIO(wrong)) as golden:
        buffer = io.BytesIO()
        np.savez(buffer, x=golden["x"], logits=golden["logits"] + 0.5)
    bundle = write_tiny_bundle(tmp_path / "t.zip", content={"golden.npz": buffer.getvalue()}, agreement=AGREEMENT)
    with pytest.raises(EngineError, match=r"come out 0\.5 off"), open_judge(bundle, EngineConfig(policy=policy)):
        pass


def test_agree_is_refused_where_the_bundle_was_not_calibrated_for_it(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip")
    with (
        pytest.raises(ConfigError, match=r"tiny 1\.0\.0 was not calibrated for the policy 'agree': take policy 'all'"),
        open_judge(bundle, EngineConfig(policy="agree")),
    ):
        pass
