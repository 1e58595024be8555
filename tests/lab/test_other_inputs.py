"""Tables and images take the same way as signals, up to the bundle."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest

from edgeguard.errors import ConfigError
from edgeguard.lab import run as runs
from edgeguard.lab.attacking import attacks_at, craft_universal
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.attacks.uap import UAP
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.data.summary import summary
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.export import export_run
from edgeguard.lab.recipe import DataTable, EvaluationTable, NetTable, load_recipe
from edgeguard.lab.report import render_report
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.signals.inputs import ImageSpec, TableSpec
from tests.lab.conftest import wave_recipe

SPECS = {
    "mlp": TableSpec(features=("age", "hours", "sex"), continuous=("age", "hours")),
    "cnn": ImageSpec(channels=("red", "green", "blue"), height=8, width=6),
}
OPTIONS = {"mlp": {"hidden": [8, 8]}, "cnn": {"filters": [4, 4], "hidden": [8, 8]}}


def made_up(spec, inputs=440):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, inputs)
    x = 0.3 + 0.4 * y.reshape(-1, *[1] * len(spec.shape)) + 0.1 * rng.standard_normal((inputs, *spec.shape))
    return Dataset("made_up", x.clip(0, 1).astype(np.float32), y, ("low", "high"), spec)


@pytest.fixture(scope="module", params=["mlp", "cnn"])
def trained(request, tmp_path_factory):
    net = NetTable(name=request.param, options=OPTIONS[request.param])
    recipe = wave_recipe(net=net, evaluation=EvaluationTable(epsilons=(0.1, 0.5), steps=3))
    run, dataset = Run(tmp_path_factory.mktemp("runs") / request.param), made_up(SPECS[request.param])
    train(recipe, dataset, run)
    return run, dataset


@pytest.fixture(scope="module")
def evaluation(trained):
    run, dataset = trained
    return evaluate(run.net(), run.recipe(), dataset, split_from_recipe(run.recipe(), dataset))


def test_a_run_remembers_its_input(trained):
    run, dataset = trained
    assert run.facts().signal == dataset.signal


def test_it_learns_and_is_evaluated_within_the_limits_of_its_data(trained, evaluation):
    assert evaluation.figures["clean"]["ensemble"]["accuracy"] > 0.9
    x_adv = evaluation.attacked[-1].x_adv
    inside = x_adv.min() >= 0 and x_adv.max() <= 1
    assert inside == (trained[1].signal.limits is not None)


def test_bounds_of_the_recipe_come_before_those_of_the_data():
    table = EvaluationTable(bounds=(0.2, 0.8))
    assert attacks_at(table, 0.1, (0.0, 1.0))["pgd"].threat.bounds == (0.2, 0.8)


def test_the_report_shows_an_input_of_each_class(trained, evaluation):
    run, dataset = trained
    page = render_report(evaluation, run.recipe(), dataset.signal, dataset.classes)
    assert "A window of the class high" in page
    assert dataset.signal.input_units in page


def test_the_summary_says_what_an_input_is(trained):
    said = {"mlp": "made_up: 440 rows of 3 features", "cnn": "made_up: 440 images of 6 by 8 pixels, red+green+blue"}
    assert next(summary(trained[1])) == said[trained[0].recipe().net.name]


def test_a_device_is_not_served_with_it(trained, evaluation, tmp_path):
    run, dataset = trained
    with pytest.raises(ConfigError, match="a device serves signals alone"):
        export_run(run, dataset, evaluation.figures, tmp_path / "bundle.zip")
    assert not list(tmp_path.iterdir())


def test_what_is_for_signals_alone_says_so(trained, tmp_path, monkeypatch):
    run, dataset = trained
    split = split_from_recipe(run.recipe(), dataset)
    with pytest.raises(ConfigError, match="a universal perturbation is for signals alone"):
        craft_universal(run.net(), UAP(Threat(0.1)), dataset, split)
    monkeypatch.setattr(runs, "load_dataset", lambda *_: dataset)
    with pytest.raises(ConfigError, match=r"data\.preprocessing is for signals alone"):
        dataset_from_recipe(DataTable(name="made_up", preprocessing=("zscore",)), tmp_path)
    assert dataset_from_recipe(DataTable(name="made_up"), tmp_path) is dataset


def test_a_run_of_a_signal_is_written_as_before(wave_run):
    facts = msgspec.json.decode((wave_run.folder / "run.json").read_bytes())
    assert set(facts["signal"]) == {*wave_run.facts().signal.__struct_fields__}


def test_a_row_that_is_not_finite_is_named(trained):
    _, dataset = trained
    x = dataset.x.copy()
    x[7].flat[0] = np.nan
    with pytest.raises(Exception, match="1 windows hold NaN or infinity, the first is number 7"):
        dataclasses.replace(dataset, x=x)


@pytest.mark.parametrize("name", ["adult-mlp", "cifar10-cnn"])
def test_the_papers_recipes_train_for_twenty_epochs_without_exits(name):
    recipe = load_recipe(name)
    assert (recipe.training.batch_size, recipe.training.epochs, recipe.net.exits) == (250, 20, False)
    assert recipe.training.patience == recipe.training.epochs
