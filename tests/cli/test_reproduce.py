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
