"""The study on next to nothing: waves that train in a second, and attacks that exist since the beginning."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from edgeguard.lab.papers.early_exit_ensembles.paper import COLUMNS, ROWS, Column, Scale
from edgeguard.lab.papers.early_exit_ensembles.plan import Plan
from edgeguard.lab.papers.early_exit_ensembles.recipes import Nets

FACTS = ("parameters", "weight_bytes", "activation_bytes", "flops", "onnxruntime_us")
TINY = Scale(epochs=3, attacked_epochs=1, beyond=False, cost_turns=2)
WAVES = {
    "name": "waves",
    "data": {"name": "waves", "split": [0.5, 0.25, 0.25]},
    "net": {"name": "fcnet", "options": {"filters": 6, "kernels": [5, 3]}},
    "training": {"learning_rate": 0.02, "batch_size": 100, "epochs": 9},
    "evaluation": {"epsilons": [1.0, 0.1], "steps": 2},
}


@pytest.fixture(autouse=True)
def quick_attacks(monkeypatch):
    """UAP and PGD-MAX are tested in their own place; here it matters that each column is asked."""
    monkeypatch.setitem(COLUMNS, "uap", Column("UAP", "pgd", {"steps": 1}, stepped=False))
    monkeypatch.setitem(COLUMNS, "pgd-max", Column("PGD-MAX", "pgd_avg", {"start_share": 0.0}, of_exits=True))


@pytest.fixture
def recipe_file(tmp_path):
    def write(**changes):
        path = tmp_path / "waves.toml"
        path.write_text(tomli_w.dumps({**WAVES, **changes}))
        return str(path)

    return write


@pytest.fixture
def plan(tmp_path, recipe_file):
    """A plan for some rows, attacks and seeds in the test's folder."""

    def make(rows=tuple(ROWS), columns=tuple(COLUMNS), seeds=(0, 1), published=None, scale=TINY):
        nets = Nets(recipe_file(), (), scale, "-tiny")
        return Plan(nets, tuple(rows), tuple(columns), seeds, Path(tmp_path / "runs"), "cpu", "tiny", published)

    return make


def cost_of(title):
    """What `exit_cost` answers, without exporting a network."""
    facts, added = dict.fromkeys(FACTS, 1000), dict.fromkeys(FACTS, 0.147)
    return {"title": title, "exits": 5, "window": [1, 9], "backbone": facts, "early_exit": facts, "added_share": added}
