from __future__ import annotations

from edgeguard.lab.card import render_card
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.run import split_from_recipe
from tests.tiny_model import tiny_manifest


def test_a_data_set_of_another_package_has_a_card_too(wave_run, wave_data):
    recipe = wave_run.recipe()
    figures = evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data)).figures
    card = render_card(tiny_manifest(), recipe, wave_run.facts(), figures)
    assert "| data | a data set from another package; 200 / 100 / 100 windows" in card
    assert f"| ensemble | {figures['clean']['ensemble']['f1']:.3f} |" in card
    assert "ε in mV" in card
