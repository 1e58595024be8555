from __future__ import annotations

from pathlib import Path

import pytest

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.adversarial_training_hurts_fairness.asked import Asked
from edgeguard.lab.papers.adversarial_training_hurts_fairness.recipes import nets_of
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import SUBJECTS, Size
from edgeguard.lab.papers.early_exit_ensembles.asked import Asked as EarlyExitAsked
from edgeguard.lab.papers.reproduction import Order

RUNS = Path("runs")


@pytest.mark.parametrize("scale", ["full", "reduced"])
def test_the_exits_nets_are_those_of_the_early_exit_papers_reproduction(scale):
    order = Order(RUNS, Path("results"), Path("data"), scale=scale)
    ours, theirs = Asked(order).plans()["ecg5000"].nets, EarlyExitAsked(order).plans()[0].nets
    pairs = {
        "undefended": "no-mitigation",
        "exits": "ours",
        "adversarial": "pgd-at",
        "exits-adversarial": "ours-pgd-avg-at",
    }
    for row, same in pairs.items():
        recipe = theirs.recipe(same, 2, 0.2)
        assert ours.recipe(row, 2) == recipe
        assert ours.folder(row, 2) == theirs.folder(same, recipe)


def test_the_decorrelated_net_is_the_ensemble_with_another_defense():
    nets = nets_of(SUBJECTS["ecg5000"], Size(), (), "", RUNS)
    recipe, ensemble = nets.recipe("exits-decorrelated", 1), nets.recipe("exits", 1)
    assert (recipe.net, recipe.training, recipe.data) == (ensemble.net, ensemble.training, ensemble.data)
    assert (recipe.defense.name, recipe.defense.options) == ("decorrelated", {"epsilon": 0.1})
    assert nets.folder("exits-decorrelated", 1) == "ecg5000-fcnet-decorrelated-1"


def test_the_papers_nets_differ_by_their_defense_alone():
    nets = nets_of(SUBJECTS["cifar10"], Size(epochs=9, attacked_epochs=2), (), "-tiny", RUNS)
    found = {row: nets.recipe(row, 3) for row in SUBJECTS["cifar10"].rows}
    assert [recipe.training.epochs for recipe in found.values()] == [9, 9, 2]
    assert len({str(recipe.net) + str(recipe.data) for recipe in found.values()}) == 1
    attack = {"epsilon": 0.01, "attack": "pgd", "attack_options": {"steps": 10}}
    assert found["robust"].defense.options == {**attack, "run": "runs/cifar10-cnn-tiny-undefended-3"}
    assert found["on-the-fly"].defense.options == {**attack, "bounds": [0.0, 1.0]}
    assert nets.folder("standard", 3) == "cifar10-cnn-tiny-undefended-3"
    assert nets.folder("robust", 3) == "cifar10-cnn-tiny-robust-3"


def test_a_recipe_with_a_defense_of_its_own_is_refused():
    nets = nets_of(SUBJECTS["adult"], Size(), ("defense.name=trades",), "", RUNS)
    with pytest.raises(ConfigError, match="this study chooses the defense of each net"):
        nets.recipe("standard", 0)
