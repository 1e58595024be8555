from __future__ import annotations

import pytest

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.early_exit_ensembles.paper import COLUMNS, SCALES, Column
from edgeguard.lab.papers.early_exit_ensembles.recipes import Nets
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import run_name

GRID = "evaluation.epsilons=[0.2, 0.1]"


@pytest.mark.parametrize(("row", "changes"), [("ours", []), ("no-mitigation", ["net.exits=false"])])
def test_at_full_scale_clean_nets_are_the_runs_of_edgeguard_train(row, changes):
    nets = Nets("ecg5000-fcnet", (GRID,), SCALES["full"])
    trained = load_recipe("ecg5000-fcnet", ["seed=3", *changes])
    assert nets.recipe(row, 3) == trained
    assert nets.folder(row, nets.recipe(row, 3)) == run_name(trained)
    assert nets.epsilons == (0.1, 0.2)


def test_a_net_trained_against_an_attack_sees_it_at_the_chosen_radius(monkeypatch):
    monkeypatch.setitem(COLUMNS, "pgd-max", Column("PGD-MAX", "pgd_max", of_exits=True))
    nets = Nets("ecg5000-fcnet", (), SCALES["full"])
    recipe = nets.recipe("ours-pgd-max-at", 1, 0.25)
    assert recipe.defense.name == "adversarial"
    options = {"attack": "pgd_max", "epsilon": 0.25, "attack_options": {"steps": 10}, "alpha": 1.0}
    assert recipe.defense.options == options
    assert nets.folder("ours-pgd-max-at", recipe) == "ecg5000-fcnet-ours-pgd-max-at-0.25-1"
    assert (recipe.net.exits, nets.recipe("pgd-at", 1, 0.25).net.exits) == (True, False)


def test_reduced_scale_caps_the_epochs_and_has_runs_of_its_own():
    nets = Nets("ecg5000-fcnet", ("net.options.filters=32",), SCALES["reduced"], "-reduced")
    clean, attacked = nets.recipe("ours", 0), nets.recipe("ours-pgd-at", 0, 0.2)
    assert (clean.training.epochs, attacked.training.epochs) == (30, 10)
    assert clean.net.options == attacked.net.options == {"filters": 32}
    assert nets.folder("ours", clean) == "ecg5000-fcnet-reduced-0"


def test_fewer_epochs_and_steps_of_a_recipe_stay_fewer():
    nets = Nets("synthetic-ecg", ("training.epochs=2", "evaluation.steps=3"), SCALES["reduced"])
    recipe = nets.recipe("pgd-at", 0, 0.1)
    assert recipe.training.epochs == 2
    assert recipe.defense.options["attack_options"] == {"steps": 3}


def test_a_recipe_that_chooses_its_own_defense_is_refused():
    with pytest.raises(ConfigError, match=r"trains with defense\.name 'adversarial'"):
        Nets("synthetic-ecg", ("defense.name=adversarial",), SCALES["full"])
