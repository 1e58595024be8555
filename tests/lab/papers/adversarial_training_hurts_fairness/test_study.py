from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.inference import logits_of
from edgeguard.lab.papers.adversarial_training_hurts_fairness import study as module
from edgeguard.lab.papers.adversarial_training_hurts_fairness.answers import Kept, evenly
from edgeguard.lab.papers.adversarial_training_hurts_fairness.figures import Samples
from edgeguard.lab.papers.adversarial_training_hurts_fairness.plan import Plan
from edgeguard.lab.papers.adversarial_training_hurts_fairness.recipes import nets_of
from edgeguard.lab.papers.adversarial_training_hurts_fairness.study import Study
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import EXIT_ROWS, PAPER_ROWS, Size, Subject
from edgeguard.lab.run import Run
from tests.lab.papers.adversarial_training_hurts_fairness.conftest import QUICK

WAVES = {
    "name": "waves",
    "data": {"name": "waves", "split": [0.4, 0.3, 0.3]},
    "net": {"name": "fcnet", "exits": False, "options": {"filters": 4, "kernels": [5, 3]}},
    "training": {"learning_rate": 0.02, "batch_size": 80, "epochs": 2},
    "evaluation": {"epsilons": [0.1, 0.5], "steps": 2},
}
ALL = frozenset({"clean", "success", "least", "transfer", "left-out"})


class Stop(Exception):
    pass


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "Samples", partial(Samples, sampling=QUICK))


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "waves.toml"
    path.write_text(tomli_w.dumps(WAVES))

    def make(rows=tuple(PAPER_ROWS), seeds=(0, 1), measures=ALL, **changes):
        facts = {"radius": 0.5, "epsilons": (0.1, 0.5), "most": 2.0, "tolerance": 0.1, "sizes": {}, **changes}
        subject = Subject("Waves", str(path), tuple(rows), **facts)
        size = Size("tiny", epochs=2, attacked_epochs=1, per_class=10, left_out=2)
        runs = Path(tmp_path / "runs")
        nets = nets_of(subject, size, (), "-tiny", runs)
        return Plan(subject, size, nets, tuple(rows), measures, seeds, runs, "cpu", "tiny", {})

    return make


@pytest.fixture
def grouped(wave_data):
    return replace(wave_data, groups={"sex": np.array(["female", "male"])[np.arange(len(wave_data.y)) % 2]})


@pytest.fixture
def left_out(monkeypatch):
    """Leave-one-out retraining is tested in its own place; here nets differ at random."""
    asked = []

    class Drawn:
        def __init__(self, recipe, dataset, answers, device):
            self._answers = answers
            asked.append((recipe.name, recipe.seed, device))

        def confidences(self, count):
            full = self._answers.confidences()
            drawn = np.random.default_rng(0).dirichlet(np.ones(full.shape[1]), (2, count, len(full)))
            return full, drawn[0], drawn[1]

    monkeypatch.setattr(module, "LeftOut", Drawn)
    return asked


def test_every_net_is_trained_and_measured(plan, grouped, left_out, tmp_path):
    told = []
    found = Study(plan(), grouped, told.append).figures()
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        *("waves-tiny-on-the-fly-0", "waves-tiny-on-the-fly-1", "waves-tiny-robust-0", "waves-tiny-robust-1"),
        *("waves-tiny-undefended-0", "waves-tiny-undefended-1"),
    ]
    standard, robust, anew = found["rows"]
    assert [net["seed"] for net in standard["nets"]] == [0, 1]
    assert {"CAU", "CRU_ε", "CRU_s at ε = 0.1", "EOU by sex on fast", "LUF", "LUF_t, other seed"} <= set(
        robust["figures"]
    )
    assert "LUF" not in anew["figures"]
    assert standard["differences"] == {}
    assert "CAU" in robust["differences"]
    assert [name for name, _, _ in left_out] == ["waves-tiny"] * 2 + ["waves-tiny-robust"] * 2
    assert (found["attacked_samples"], found["training_samples"]) == (20, 160)
    assert told[-1].net == told[-1].nets == 6
    assert told[-1].share > 0.98


def test_figures_are_what_the_nets_say(plan, grouped):
    whole = plan(("standard",), seeds=(0,), measures=frozenset({"clean", "success", "transfer"}))
    net = Study(whole, grouped, lambda _: None).figures()["rows"][0]["nets"][0]
    run = Run(whole.runs / whole.nets.folder("standard", 0))
    test = module.split_from_recipe(run.recipe(), grouped).test
    verdict = ensemble(probabilities(logits_of(run.net(), grouped.x[test]))).argmax(axis=1)
    right = verdict == grouped.y[test]
    assert net["clean"]["accuracy"] == pytest.approx(right.mean())
    by_class = [right[grouped.y[test] == label].mean() for label in (0, 1)]
    assert net["clean"]["class_gap"]["value"] == pytest.approx(max(by_class) - min(by_class))
    assert [row["epsilon"] for row in net["success"]] == [0.1, 0.5]
    assert net["success"][0]["robust_accuracy"] >= net["success"][1]["robust_accuracy"]
    assert [set(row["groups"]) for row in net["success"]] == [set(), {"sex"}]
    assert net["transferred_accuracy"] >= net["success"][1]["robust_accuracy"]  # the walk counts, not its end alone


def test_an_interrupted_study_goes_on_and_ends_the_same(plan, grouped, monkeypatch):
    whole = plan(tuple(EXIT_ROWS)[:2], seeds=(0,), measures=frozenset({"clean", "success", "least"}))
    seen = []

    def stop(standing):
        seen.append(standing.doing)
        if standing.doing == "Waves, early-exit ensemble, seed 0: PGD at ε = 0.5":
            raise Stop

    with pytest.raises(Stop):
        Study(whole, grouped, stop).figures()
    monkeypatch.setattr(module, "train", lambda recipe, *_, **__: None)  # all nets are there
    asked = []
    answer = Kept.answer
    monkeypatch.setattr(
        Kept, "answer", lambda self, what, o, ask: answer(self, what, o, lambda: asked.append(what) or ask())
    )
    resumed = Study(whole, grouped, lambda _: None).figures()
    assert asked == ["success", "least"]
    asked.clear()
    assert Study(whole, grouped, lambda _: None).figures() == resumed
    assert asked == []


def test_classes_with_too_few_samples_are_not_compared(plan, grouped):
    whole = plan(("standard",), seeds=(0,), measures=frozenset({"clean", "success"}), fewest=11)
    net = Study(whole, grouped, lambda _: None).figures()["rows"][0]["nets"][0]
    assert net["success"][0]["class_gap"]["value"] is None
    assert net["success"][0]["class_gap"]["reason"]
    assert net["clean"]["class_gap"]["value"] is not None


def test_samples_are_drawn_evenly_and_always_the_same():
    y = np.repeat([0, 1, 2], [50, 3, 20])
    chosen = evenly(y, 10)
    assert np.bincount(y[chosen]).tolist() == [10, 3, 10]
    assert np.array_equal(chosen, evenly(y, 10))
    assert np.array_equal(evenly(y, None), np.arange(73))
