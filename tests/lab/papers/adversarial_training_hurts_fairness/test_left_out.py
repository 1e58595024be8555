from __future__ import annotations

import numpy as np
import pytest

from edgeguard.lab.data.dataset import Dataset, Split
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.papers.adversarial_training_hurts_fairness import left_out as module
from edgeguard.lab.papers.adversarial_training_hurts_fairness.answers import Answers, Asking
from edgeguard.lab.papers.adversarial_training_hurts_fairness.left_out import LeftOut
from edgeguard.lab.recipe import DataTable, DefenseTable, NetTable, Recipe, TrainingTable
from edgeguard.lab.run import Run
from edgeguard.lab.training import train
from edgeguard.signals.inputs import TableSpec


@pytest.fixture
def table():
    """Rows of two classes, the second one's named twice to learn from."""
    rng = np.random.default_rng(0)
    y = np.arange(160) % 2
    x = (rng.standard_normal((160, 3)) + y[:, None]).astype(np.float32)
    learned = np.arange(40)
    split = Split(np.concatenate([learned, learned[y[:40] == 1]]), np.arange(40, 150), np.arange(150, 160))
    return Dataset("rows", x, y, ("no", "yes"), TableSpec(features=("a", "b", "c")), published=split)


@pytest.fixture
def standard(table, tmp_path, monkeypatch):
    """The recipe and the answers of a standard net that is trained already."""
    monkeypatch.setitem(module._JOBS, "cpu", 1)
    monkeypatch.setitem(module._TOGETHER, "cpu", 4)
    recipe = Recipe(
        name="rows",
        data=DataTable(name="rows", split="published"),
        net=NetTable(name="mlp", exits=False, options={"hidden": [4]}),
        training=TrainingTable(learning_rate=0.05, batch_size=20, epochs=2),
    )
    run = Run(tmp_path / "rows-0")
    train(recipe, table, run)
    return recipe, Answers(run, table, Asking(2, None, None, 1.0, 0.1, "cpu"))


def test_nets_without_one_sample_differ_from_the_whole_and_from_other_seeds(standard, table):
    recipe, answers = standard
    full, without, others = LeftOut(recipe, table, answers, "cpu").confidences(3)
    assert (full.shape, without.shape, others.shape) == ((10, 2), (3, 10, 2), (3, 10, 2))
    assert np.allclose(without.sum(axis=-1), 1, atol=1e-5)
    assert 0 < np.abs(without - full).max() < np.abs(others - full).max()
    assert not (answers.kept.folder / "left-out").exists()


def test_what_is_finished_is_not_trained_again(standard, table, monkeypatch):
    recipe, answers = standard
    first = LeftOut(recipe, table, answers, "cpu").confidences(2)
    monkeypatch.setattr(module, "Retraining", None)
    again = LeftOut(recipe, table, answers, "cpu").confidences(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_sample_leaves_with_its_copies_and_its_adversarial_example(standard, table):
    recipe, answers = standard
    run = str(answers.kept.folder.parent)
    merged = DefenseTable(name="merged", options={"run": run, "epsilon": 0.5, "attack_options": {"steps": 4}})
    robust = Recipe(**{name: getattr(recipe, name) for name in ("name", "data", "net", "training")}, defense=merged)
    retraining = LeftOut(robust, table, answers, "cpu")._retraining()
    assert np.bincount(retraining.samples).tolist() == [2, 4] * 20  # class 1 is named twice
    assert len(retraining.x) == len(retraining.y) == 120
    clean, attacked = retraining.x[:60], retraining.x[60:]
    assert np.abs(clean - attacked).max() == pytest.approx(0.5, rel=1e-5)


def test_nets_are_stacked_on_a_cpu_where_they_do_not_convolve(standard, table):
    assert LeftOut(standard[0], table, standard[1], "cpu")._retraining().together == 4
    assert module._convolves(early_exit_net(fcnet(1, filters=4, kernels=(3,)), classes=2))
