from __future__ import annotations

import numpy as np
import pytest

from edgeguard.bundle.manifest import Agreement
from edgeguard.device.engines import open_engine
from edgeguard.device.policies import AllExits, UntilTheyAgree
from edgeguard.errors import EngineError
from edgeguard.exits.agreement import stages_used
from edgeguard.exits.ensemble import probabilities
from tests.tiny_model import tiny_logits, tiny_manifest, write_tiny_bundle

RULE = tiny_manifest().disagreement


def agreement(confidence, min_exits=2):
    return Agreement(
        confidence=confidence,
        min_exits=min_exits,
        accuracy_loss=0.01,
        stages=(0.0, 0.7, 0.3),
        disagreement=RULE,
    )


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    with open_engine("onnxruntime-staged", write_tiny_bundle(tmp_path_factory.mktemp("b") / "tiny.zip")) as engine:
        yield engine


def windows(n, seed=2):
    x = np.random.default_rng(seed).normal(size=(n, 2, 20)) * np.random.default_rng(seed).uniform(0, 6, (n, 1, 1))
    return x.astype(np.float32)


def test_all_runs_every_exit(staged):
    x = windows(5)
    np.testing.assert_allclose(AllExits(staged).exits(x), probabilities(tiny_logits(x)), atol=1e-5)


@pytest.mark.parametrize("confidence", [0.5, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("min_exits", [2, 3])
def test_a_window_stops_where_the_lab_says_whatever_batch_it_is_in(staged, confidence, min_exits):
    x = windows(60)
    expected = probabilities(tiny_logits(x))
    policy = UntilTheyAgree(staged, agreement(confidence, min_exits))
    together, alone = policy.exits(x), [policy.exits(one[None])[0] for one in x]
    for found in (together, alone):
        assert [len(rows) for rows in found] == stages_used(expected, confidence, min_exits).tolist()
        for rows, exits in zip(found, expected, strict=True):
            np.testing.assert_allclose(rows, exits[: len(rows)], atol=1e-5)


def test_some_windows_stop_and_some_go_on(staged):
    assert {len(rows) for rows in UntilTheyAgree(staged, agreement(0.7)).exits(windows(60))} == {2, 3}


class Counting:
    """Three exits that agree but for the windows whose first sample is 1; notes how many windows each stage sees."""

    def __init__(self):
        self.seen = []

    def begin(self, x):
        self.x, self.exit = x, 0
        return self

    def next_exit(self):
        self.exit += 1
        self.seen.append(len(self.x))
        odd = (self.x[:, 0, 0] == 1) & (self.exit == 2)
        return np.where(odd[:, None], [0.0, 9.0], [9.0, 0.0]).astype(np.float32)

    def keep(self, windows):
        self.x = self.x[windows]


def test_a_stage_is_run_for_the_windows_that_need_it_alone():
    x = np.zeros((5, 1, 4), np.float32)
    engine = Counting()
    UntilTheyAgree(engine, agreement(0.9)).exits(x)
    assert engine.seen == [5, 5]
    x[[1, 3], 0, 0] = 1
    found = UntilTheyAgree(engine := Counting(), agreement(0.9)).exits(x)
    assert engine.seen == [5, 5, 2]
    assert [len(rows) for rows in found] == [2, 3, 2, 3, 2]


def test_what_the_runtime_raises_passes_through(staged, monkeypatch):
    monkeypatch.setattr(staged, "_sessions", [None, *staged._sessions[1:]])
    with pytest.raises(EngineError, match=r"onnxruntime failed in stages/stage_1\.onnx"):
        UntilTheyAgree(staged, agreement(0.9)).exits(windows(3))
