from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from edgeguard.cli.train import command as train

SMALL = [
    *(
        "--set",
        "data.options.windows=300",
        "--set",
        "data.split=[0.2,0.4,0.4]",
        "--set",
        "net.options.filters=4",
        "--set",
        "training.epochs=1",
    ),
    *("--set", "evaluation.epsilons=[0.01,0.05,0.1]", "--quiet"),
]
QUICK = ["--attack", "pgd", "--windows", "20", "--set", "evaluation.steps=2"]
FAST = [*QUICK, "--set", "evaluation.attacks.quiet={rounds=1,steps=2}"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name, words in {"a": [], "b": ["--seed", "1"], "plain": ["--undefended"]}.items():
        done = CliRunner().invoke(train, ["synthetic-ecg", "--out", str(folder / name), *SMALL, *words])
        assert done.exit_code == 0, done.output
    return folder


def test_one_run_gets_its_figures_and_a_picture(edgeguard, runs):
    status, out, err = edgeguard("detect", str(runs / "a"), *FAST)
    assert (status, "pgd, ε = 0.05 …" in err) == (0, True)  # the middle one of the recipe's radii
    figures = json.loads((runs / "a" / "detection.json").read_text())
    assert (figures["seeds"], list(figures["mean"]["radii"])) == ([0], ["0.05"])
    assert figures["mean"]["windows"]["attacked"]["mean"] == pytest.approx(20, abs=4)
    assert (runs / "a" / "detection-0.05.png").read_bytes().startswith(b"\x89PNG")
    for title in ("clean windows", "found at 1 %", "that do harm", "AUROC", "window alarm", "drift alarm"):
        assert title in out


def test_seeds_of_a_recipe_are_one_study(edgeguard, runs, tmp_path):
    words = [*FAST, "--epsilon", "0.1", "--epsilon", "20 dB", "--false-alarm-rate", "0.05", "--detector", "confusion"]
    status, out, _ = edgeguard("detect", str(runs / "a"), str(runs / "b"), *words, "--out", "both", "--quiet")
    assert (status, out) == (0, "both/detection.json\nboth/detection-0.1.png\nboth/detection-20-dB.png\n")
    figures = json.loads((tmp_path / "both" / "detection.json").read_text())
    assert (figures["seeds"], figures["rates"]) == ([0, 1], ["0.05"])
    assert list(figures["mean"]["clean"]) == ["confusion"]
    assert len(figures["mean"]["radii"]["20 dB"]["pgd"]["harmful"]["values"]) == 2


def test_one_exit_keeps_the_baselines(edgeguard, runs):
    status, out, _ = edgeguard("detect", str(runs / "plain"), *QUICK)
    assert status == 0
    assert "confusion is left out: one exit never disagrees." in out
    assert "max softmax" in out


@pytest.mark.parametrize(
    ("folders", "words", "said"),
    [
        ("a", ["--attack", "pdg"], "no attack is called 'pdg' (did you mean 'pgd'?)"),
        ("a", ["--detector", "confusoin"], "no detector is called 'confusoin' (did you mean 'confusion'?)"),
        ("a", ["--false-alarm-rate", "0.001"], "it takes at least 999"),
        ("a", ["--set", "training.epochs=3"], "only evaluation.* can change"),
        ("a", ["--epsilon", "loud"], "epsilon 'loud' is neither a number nor a ratio"),
        ("a b", [], "say where with --out FOLDER"),
        ("a plain", ["--out", "x"], "are of different recipes: give seeds of one recipe"),
        ("a a", ["--out", "x"], "two of the runs have the same seed"),
        ("nowhere", [], "is not a run"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(edgeguard, runs, tmp_path, folders, words, said):
    status, out, err = edgeguard("detect", *(str(runs / name) for name in folders.split()), *words, "--quiet")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert said in err
    assert not list(tmp_path.rglob("detection*"))
