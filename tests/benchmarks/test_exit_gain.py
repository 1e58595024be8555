from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import ttest_1samp

from benchmarks import exit_gain
from benchmarks.exit_gain import Bench, command, under_attack
from benchmarks.exit_gain_figures import over_seeds, paired
from benchmarks.exit_settings import SCALINGS, SETTINGS, Setting
from benchmarks.exit_tables import EXIT_TABLES, beside_paper, counted, like_paper
from edgeguard.lab.data import data_folder
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import Run

TINY = Setting(
    training=(
        "data.options.windows=200",
        "net.options.filters=4",
        "training.epochs=1",
        "calibration.false_alarm_rate=0.05",
        "net.gamma=0.5",
    ),
    attack={"steps": 2},
    epsilons=(0.05, 0.4),
)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The folder of runs and results of a command over two tiny settings."""
    folder = tmp_path_factory.mktemp("gain")
    settings = {"tiny": TINY, "in [0, 1]": dataclasses.replace(TINY, scaling="unit_range", bounds=(0.0, 1.0))}
    words = ["--seeds", "0,1", "--only", "tiny", "--runs", str(folder / "runs"), "--results", str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exit_gain, "RECIPE", "synthetic-ecg")
        patch.setattr(exit_gain, "SETTINGS", settings)
        for only in ([], ["--only", "in [0, 1]"]):
            result = CliRunner().invoke(command, [*words, *only], catch_exceptions=False)
            assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def figures(measured):
    return json.loads((measured / "exit-gain.json").read_text())["figures"]


def test_the_gain_is_that_of_the_averaged_exits_over_the_twin(figures):
    assert [found["setting"] for found in figures["settings"]] == ["tiny", "in [0, 1]"]
    for row in (row for found in figures["settings"] for row in found["pgd"]):
        gains = np.subtract(row["early_exit"]["values"], row["undefended"]["values"])
        np.testing.assert_allclose(row["gain"]["values"], gains)
        assert (len(row["exits"]), len(row["transfer"])) == (5, 4)


def test_what_is_written_is_what_the_net_does(measured, figures):
    run = Run(measured / "runs" / TINY.run_name(1, exits=True))
    dataset, split = exit_gain.windows_of(run.recipe(), TINY, data_folder())
    found = under_attack(run.net(), TINY, dataset.x[split.test], dataset.y[split.test])
    assert [row["early_exit"]["values"][1] for row in figures["settings"][0]["pgd"]] == found.f1


def test_what_is_measured_is_not_done_again(measured, monkeypatch):
    monkeypatch.setattr(exit_gain, "train", None)
    bench = Bench(measured / "runs", data_folder())
    assert bench.is_measured(TINY, 0)
    assert bench.measured(TINY, 0).early.f1
    assert not bench.is_measured(TINY, 7)
    assert not bench.is_measured(dataclasses.replace(TINY, epsilons=(0.1,)), 0)


def test_a_wrong_setting_is_named():
    result = CliRunner().invoke(command, ["--only", "wide"])
    assert (result.exit_code, "no setting is called 'wide'" in result.output) == (1, True)


def test_a_twin_is_trained_once_for_all_settings_of_the_exits():
    folders = {SETTINGS[name].run_name(0, exits=False) for name in SETTINGS if name[0] in "αγ"}
    assert folders == {SETTINGS["the paper's, 32 filters"].run_name(0, exits=False)}


def test_no_two_nets_or_attacks_share_a_file():
    for exits in (True, False):
        of_file = {}
        for setting in SETTINGS.values():
            net = (setting.trained_with(exits=exits), setting.scaling)
            made = (net, json.dumps([setting.attack, setting.epsilons, setting.bounds]))
            assert of_file.setdefault((setting.run_name(0, exits=exits), setting.attack_name()), made) == made


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_is_a_recipe_and_an_attack(setting):
    recipe = load_recipe(exit_gain.RECIPE, setting.training)
    assert recipe.training.epochs >= recipe.training.patience
    exit_gain.PGD(exit_gain.Threat(0.1, setting.bounds), **setting.attack)


def test_beats_are_scaled_each_by_itself_or_each_sample_by_itself():
    x = np.array([[[1, 3, 5]], [[2, 2, 2]]], np.float32)
    np.testing.assert_array_equal(SCALINGS["unit_range"](x, x), [[[0, 0.5, 1]], [[0, 0, 0]]])
    np.testing.assert_array_equal(SCALINGS["standardized"](x, x), [[[-1, 1, 1]], [[1, -1, -1]]])


def test_the_interval_is_that_of_a_paired_t_test():
    differences = [0.1, -0.2, 0.3, 0.05, 0.0]
    found, peer = paired(differences), ttest_1samp(differences, 0).confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx((peer.low, peer.high))
    assert paired([0.1])["low"] is None


def test_seeds_without_a_figure_do_not_count():
    found = over_seeds([[1.0, None], [None, None], [3.0, None]])
    assert (found[0]["mean"], found[1]) == (2.0, None)


@pytest.mark.parametrize("name", EXIT_TABLES)
def test_every_table_has_a_row_for_every_setting(name, figures):
    lines = list(EXIT_TABLES[name][1](figures))
    assert [sum(line.startswith(f"| {setting} |") for line in lines) for setting in ("tiny", "in [0, 1]")] == [1, 1]


def test_tables_say_at_which_epsilon_the_undefended_net_is_nearest_the_papers():
    rows = [{"epsilon": epsilon, "undefended": {"mean": f1}} for epsilon, f1 in ((0.1, 0.9), (0.2, 0.3), (0.3, 0.1))]
    assert like_paper({"pgd": rows})["epsilon"] == 0.2


def test_tables_say_how_many_intervals_leave_zero_out():
    gains = [paired([0.2 + seed, 0.3 + seed]) for seed in (0, 0, -1)] + [paired([0.0, 0.0]), paired([0.2])]
    assert counted(gains).startswith("Of 3 intervals, over all settings and ε at which nets differ, 0 lie above 0")
    sure = [paired([0.2, 0.201, 0.202]), paired([-0.2, -0.201, -0.202])] * 20
    assert "20 lie above 0 and 20 below; were there no difference anywhere, about 1 would" in counted(sure)


def test_the_largest_gain_stands_beside_the_papers():
    gains = {"a": paired([0.2, 0.201]), "b": paired([0.9, -0.3]), "c": paired([-0.2, -0.201]), "d": paired([0.1])}
    text = beside_paper(gains)
    assert "is +0.30 (b); the paper's is +0.44. The interval lies above 0 for: a. Below: c." in text
