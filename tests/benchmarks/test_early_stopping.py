from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import early_stopping
from benchmarks.early_stopping import alarms, command, windows_to_alarm
from benchmarks.macs import graph_macs
from edgeguard.exits.drift import SlowdownDetector
from edgeguard.lab.data import data_folder
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.onnx_graphs import exits_graph_from_net, stage_graphs
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe
from edgeguard.lab.training import train

SMALL = [
    "data.options.windows=450",
    "data.split=[0.2, 0.7, 0.1]",
    "net.options.filters=6",
    "training.epochs=2",
    "training.learning_rate=0.01",
]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A small run that the command measured."""
    folder = tmp_path_factory.mktemp("stopping")
    recipe = load_recipe("synthetic-ecg", SMALL)
    train(recipe, dataset_from_recipe(recipe.data, data_folder()), Run(folder / "run"))
    words = ["--run", str(folder / "run"), "--windows", "20", "--passes", "1", "--epsilons", "0.05"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(early_stopping, "STREAM", 1000)
        done = CliRunner().invoke(command, [*words, "--results", str(folder)])
    assert done.exit_code == 0, done.output
    return json.loads((folder / "early-stopping.json").read_text())["figures"]["synthetic-ecg"]


def test_every_policy_is_measured_against_all_exits(measured):
    every, *agreeing = measured["policies"]
    assert (every["policy"], every["mean_stages"], every["lost"]) == ("all", measured["exits"], 0)
    assert [row["accuracy_loss"] for row in agreeing] == [0.005, 0.01, 0.02]
    offered = [row for row in agreeing if "mean_stages" in row]
    assert offered
    assert "mean_stages" not in agreeing[0]  # it takes 598 calibration windows
    for row in offered:
        assert 2 <= row["mean_stages"] <= measured["exits"]
        assert row["macs"] == pytest.approx(np.dot(row["stages"], np.cumsum(measured["macs_per_stage"])))
        assert row["energy_estimate_uj"] == pytest.approx(row["macs"] * 4.6e-6)
        assert {"batch_1", "batch_64"} == set(row["us_per_window"])
        assert [found["epsilon"] for found in row["attacked"]] == [0.05]
        assert row["accuracy"] >= every["accuracy"] - row["lost"]


def test_macs_are_half_of_torchs_floating_point_operations():
    net = early_exit_net(fcnet(2, filters=5), classes=3).eval()
    x = torch.randn(1, 2, 50)
    stages = stage_graphs(exits_graph_from_net(net, x[0]), net.exits)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(x)
    assert 2 * sum(graph_macs(stage.model.SerializeToString()) for stage in stages) == counter.get_total_flops()


def test_alarms_are_counted_from_a_sum_begun_anew():
    detector = SlowdownDetector((0.0, 0.9, 0.1), 100)
    first = windows_to_alarm(detector, [3] * 50)
    assert alarms(detector, [3] * (4 * first)) == 4
    assert windows_to_alarm(detector, [2] * 50) is None


def test_nothing_to_measure_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, ["--results", str(tmp_path)])
    assert result.exit_code == 1
    assert "train one, or name a run with --run" in result.output
    assert not list(Path(tmp_path).iterdir())
