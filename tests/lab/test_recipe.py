from __future__ import annotations

import pytest

from edgeguard import released
from edgeguard.errors import ConfigError
from edgeguard.lab.recipe import evaluated_as, load_recipe


@pytest.mark.parametrize("name", released.names())
def test_every_released_recipe_loads_under_its_own_name(name):
    assert load_recipe(name).name == name


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("training.epoch=3", r"unknown key 'training\.epoch' \(did you mean 'epochs'\?\)"),
        ("trainig.epochs=3", r"unknown key 'trainig' \(did you mean 'training'\?\)"),
        ("training.epochs=many", r"training\.epochs: expected int, got str"),
        ("training.epochs=0", r"training\.epochs: expected int >= 1"),
        ("net.placement=everywhere", r"net\.placement: invalid enum value 'everywhere'"),
        ("evaluation.epsilons=[0.1, -1]", r"evaluation\.epsilons\[1\]: "),
        ("training", r"'training' is not an assignment: write table\.key=value"),
    ],
)
def test_wrong_recipe_is_one_line_with_the_near_match(assignment, message):
    with pytest.raises(ConfigError, match=message):
        load_recipe("ecg5000-fcnet", [assignment])


def test_assignments_win_over_the_file():
    recipe = load_recipe("ecg5000-fcnet", ["net.exits=false", "seed=7", "name=twin"])
    assert (recipe.net.exits, recipe.seed, recipe.name) == (False, 7, "twin")


def test_unknown_recipe_names_the_near_match():
    with pytest.raises(ConfigError, match=r"no recipe is called 'ecg500-fcnet' \(did you mean 'ecg5000-fcnet'\?\)"):
        load_recipe("ecg500-fcnet")


def test_malformed_toml_names_the_file(tmp_path):
    (tmp_path / "r.toml").write_text("name = ")
    with pytest.raises(ConfigError, match=r"r\.toml cannot be read as TOML"):
        load_recipe(tmp_path / "r.toml")


@pytest.mark.parametrize("epsilon", ['"20 dB"', "[0.1, 0.2]", "0.3"])
def test_radii_are_numbers_lists_or_ratios(epsilon):
    recipe = load_recipe("ecg5000-fcnet", [f"evaluation.epsilons=[{epsilon}]"])
    assert len(recipe.evaluation.epsilons) == 1


def test_a_trained_run_can_be_evaluated_otherwise_but_not_trained_otherwise():
    recipe = load_recipe("ecg5000-fcnet")
    changed = evaluated_as(recipe, ["evaluation.attacks.square.queries=5"], ["pgd_avg", "square"])
    assert changed.evaluation.attacks == {"square": {"queries": 5}, "pgd_avg": {}}
    with pytest.raises(ConfigError, match="'seed=3': the run is trained, only evaluation"):
        evaluated_as(recipe, ["seed=3"])
    with pytest.raises(ConfigError, match=r"unknown key 'evaluation\.epsilon' \(did you mean 'epsilons'\?\)"):
        evaluated_as(recipe, ["evaluation.epsilon=[3]"])
