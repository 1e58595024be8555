from __future__ import annotations

import json

import pytest

from edgeguard.lab.papers.early_exit_ensembles.paper import COLUMNS, Column

SMALL = (
    *("data.options={windows=160, wearers=2, classes='binary'}", "data.split=[0.5, 0.25, 0.25]"),
    *("net.options={filters=2, kernels=[3, 3]}", "calibration.false_alarm_rate=0.05", "training.epochs=1"),
    *("evaluation.steps=1", "evaluation.epsilons=[0.1, 0.3]"),
)
WORDS = ("reproduce", "early-exit-ensembles", "--recipe", "synthetic-ecg", *(w for s in SMALL for w in ("--set", s)))


@pytest.fixture(autouse=True)
def quick_uap(monkeypatch):
    monkeypatch.setitem(COLUMNS, "uap", Column("UAP", "pgd", {"steps": 1}, stepped=False))


def test_a_study_of_ones_own_shows_its_tables_and_goes_on_where_it_was(edgeguard, tmp_path):
    words = (*WORDS, "--table", "1", "--rows", "ours, no-mitigation", "--seeds", "3", "--results", "found")
    status, out, err = edgeguard(*words)
    assert status == 0
    assert "Table I, synthetic-ecg, scale reduced" in " ".join(out.split())
    assert out.endswith(
        "found/early-exit-ensembles-synthetic-ecg-reduced.json\nfound/early-exit-curve-synthetic-ecg-reduced.svg\n"
    )
    assert "net 1 of 2: No mitigation, seed 3: epoch 1 of at most 1" in err
    assert "net 2 of 2: Ours, seed 3" in err
    first = (tmp_path / "found" / "early-exit-ensembles-synthetic-ecg-reduced.json").read_text()
    weights = [path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/weights.safetensors")]
    status, out, err = edgeguard(*words, "--quiet")
    assert (status, len(out.splitlines()), err) == (0, 2, "")
    assert weights == [path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/weights.safetensors")]
    again = (tmp_path / "found" / "early-exit-ensembles-synthetic-ecg-reduced.json").read_text()
    assert json.loads(again)["figures"] == json.loads(first)["figures"]


def test_a_folder_that_holds_another_recipe_is_refused(edgeguard):
    words = (*WORDS, "--table", "1", "--rows", "no-mitigation", "--seeds", "0", "--quiet")
    assert edgeguard(*words)[0] == 0
    status, _, err = edgeguard(*words, "--set", "training.learning_rate=0.1")
    assert status == 1
    assert err.startswith(
        "error: runs/synthetic-ecg-reduced-undefended-0 holds a run of another recipe: choose another"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--figure", "9"), "error: the paper has no figure '9'; there are: 1, 2, 3, 4, 5, 6, all\n"),
        (("--table", "exit"), "error: the paper has no table 'exit' (did you mean 'exits'?); there are: "),
        (("--figure", "1", "--scale", "half"), "error: the paper has no scale 'half'"),
    ],
)
def test_what_the_paper_does_not_have_is_refused(edgeguard, words, message):
    status, out, err = edgeguard("reproduce", "adversarial-training-hurts-fairness", *words)
    assert (status, out) == (1, "")
    assert err.startswith(message)


def test_a_paper_without_figures_says_so(edgeguard):
    status, _, err = edgeguard("reproduce", "early-exit-ensembles", "--figure", "1")
    assert (status, err) == (1, "error: the paper has no figure '1'; it has none that is reproduced\n")
