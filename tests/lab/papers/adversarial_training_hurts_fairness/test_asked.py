from __future__ import annotations

from pathlib import Path

import pytest

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.adversarial_training_hurts_fairness.asked import Asked
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import FIGURES, TABLES
from edgeguard.lab.papers.reproduction import Order


@pytest.fixture
def asked(tmp_path):
    return lambda **changes: Asked(Order(Path(tmp_path / "runs"), tmp_path, tmp_path, **changes))


def test_everything_is_asked_for_where_nothing_is_named_the_quick_studies_first(asked):
    whole = asked()
    assert (whole.tables, whole.figures) == (tuple(TABLES), tuple(FIGURES))
    assert list(whole.plans()) == ["adult", "ecg5000", "cifar10", "mitbih"]
    assert [len(plan.seeds) for plan in whole.plans().values()] == [3, 5, 3, 3]


def test_a_table_and_a_figure_are_both_made(asked):
    both = asked(table="2", figure="6", seeds=(4,))
    assert (both.tables, both.figures) == (("2",), ("6",))
    (plan,) = both.plans().values()
    assert (plan.measures, plan.seeds) == ({"success", "clean"}, (4,))
    assert asked(figure="2").tables == ()
    assert asked(table="3").plans()["adult"].left_out("robust") == 100
    assert asked(table="3").plans()["adult"].left_out("on-the-fly") == 0


def test_adult_is_whole_at_either_scale_and_the_others_say_what_is_reduced(asked):
    plans = asked(scale="reduced").plans()
    assert plans["adult"].scale_text == "full"
    assert plans["adult"].nets.folder("standard", 0) == "adult-mlp-undefended-0"
    assert plans["cifar10"].scale_text.startswith("reduced: 5000 images to learn from and 1000 to test on, at most 8")
    assert plans["cifar10"].left_out("standard") == 2
    assert plans["mitbih"].nets.folder("exits", 0) == "mitbih-fcnet-reduced-0"
    assert {plan.scale_text for plan in asked(scale="full").plans().values()} == {"full"}


def test_rows_are_left_out_but_for_the_one_that_others_are_held_against(asked):
    plans = asked(rows=("exits", "robust")).plans()
    assert (plans["ecg5000"].rows, plans["adult"].rows) == (("undefended", "exits"), ("standard", "robust"))


def test_a_recipe_of_ones_own_is_studied_with_its_own_radii(asked):
    own = asked(recipe="synthetic-ecg", assignments=("evaluation.epsilons=[0.3,0.1,0.2]",))
    ((key, plan),) = own.plans().items()
    assert (key, plan.subject.radius, plan.epsilons) == ("synthetic-ecg", 0.2, (0.1, 0.2, 0.3))
    assert plan.measures == {"clean", "success", "least"}
    assert plan.scale_text.startswith("reduced: at most 30 epochs, 10 in adversarial training; changed: evaluation.")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "6"}, "the paper has no table '6'; there are: 1, 2, 3, 4, 5, text, exits, all"),
        ({"table": "txt"}, r"did you mean 'text'"),
        ({"figure": "7"}, "the paper has no figure '7'; there are: 1, 2, 3, 4, 5, 6, all"),
        ({"scale": "ful"}, r"no scale 'ful' \(did you mean 'full'\?\)"),
        ({"rows": ("robst",)}, r"no row 'robst' \(did you mean 'robust'\?\)"),
        ({"table": "2", "rows": ("exits",)}, "no row 'exits'"),
        ({"recipe": "synthetic-ecg", "figure": "1"}, "of a recipe of your own there is the table 'exits' alone"),
        ({"recipe": "synthetic-ecg", "assignments": ('evaluation.epsilons=["20 dB"]',)}, "that are numbers, not lists"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(asked, changes, message):
    with pytest.raises(ConfigError, match=message):
        asked(**changes)
