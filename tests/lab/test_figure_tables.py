from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from edgeguard.lab.card import render_card
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.figure_tables import figure_tables, put_beside
from edgeguard.lab.report import render_report
from edgeguard.lab.run import split_from_recipe
from tests.tiny_model import tiny_manifest


@pytest.fixture(scope="module")
def measured(wave_run, wave_data):
    """The small run on waves of 8 wearers, two of them women, evaluated on a part of its test windows."""
    groups = {"sex": np.repeat(["female", "male"], [100, 300])}
    people = dataclasses.replace(wave_data, groups=groups, wearers=np.repeat([f"w{k}" for k in range(8)], 50))
    recipe = wave_run.recipe()
    return evaluate(wave_run.net(), recipe, people, split_from_recipe(recipe, people))


def test_each_class_and_group_stands_with_its_size(measured):
    classes, groups, *_ = figure_tables(measured.figures)
    slow = measured.figures["clean"]["per_class"][0]
    assert classes.rows[0][:2] == ("slow", str(slow["windows"]))
    low, high = slow["sensitivity_interval"]
    assert classes.rows[0][2] == f"{slow['sensitivity']:.3f} ({low:.3f} to {high:.3f})"
    assert [row[:2] for row in groups.rows] == [("female", "2"), ("male", "6")]
    assert groups.notes[-1].startswith("Fewer than 5 wearers in female: ")


def test_another_run_stands_beside_with_what_it_was_tested_on(measured):
    figures = {**measured.figures}
    put_beside(figures, {**measured.figures, "split": "published", "wearers": None})
    rows = {row[0]: row[1:] for row in figure_tables(figures)[-1].rows}
    assert rows["split"] == ("at random, 0.5 / 0.25 / 0.25", "published")
    assert rows["wearers tested, of them seen in training"] == ("8, 8", "?")


def test_a_run_of_other_classes_cannot_stand_beside(measured):
    figures, other = {**measured.figures}, {"clean": {"per_class": [{"class": "another"}]}}
    put_beside(figures, other)
    assert "beside" not in figures


def test_figures_of_an_older_version_have_no_such_tables():
    assert figure_tables({"clean": {"ensemble": {}}}) == []


def test_card_and_report_hold_the_tables(measured, wave_run):
    recipe, facts = wave_run.recipe(), wave_run.facts()
    card = render_card(tiny_manifest(), recipe, facts, measured.figures)
    page = render_report(measured, recipe, facts.signal, facts.classes)
    accuracy = f"{measured.figures['clean']['groups']['sex']['female']['accuracy']:.3f}"
    assert "| female | 2 | " in card
    assert accuracy in card
    assert "<td>female</td><td>2</td>" in page
    assert accuracy in page


def test_every_gap_stands_with_its_interval_its_p_and_its_two_groups(measured):
    classes, sex = figure_tables(measured.figures)[2:]
    gap = measured.figures["pgd"][1]["fairness"]["attributes"]["sex"]["cru_s"]
    (row,) = [row for row in sex.rows if row[:3] == ("pgd", "1", "CRU_s")]
    assert row[3:5] == (f"{gap['value']:.3f} ({gap['low']:.3f} to {gap['high']:.3f})", f"{gap['p_value']:.3f}")
    assert {cell.split()[0] for cell in row[5:]} == {"female", "male"}
    assert {cell.split()[-1] for cell in row[5:]} == {"(2)", "(6)"}
    assert [row[2] for row in classes.rows[:2]] == ["CAU", "worst accuracy"]
    assert any(note.startswith("p: how often wearers") for note in sex.notes)


def test_what_is_undefined_is_a_dash_with_its_reason_below(measured):
    figures = json.loads(json.dumps(measured.figures))
    sex = figures["clean"]["fairness"]["attributes"]["sex"]
    sex["accuracy"].update(
        value=None, low=None, high=None, p_value=None, reason="fewer than two groups can be compared"
    )
    sex["accuracy"]["groups"]["female"].update(value=None, reason="fewer than 2 wearers")
    sex["unseen_in_training"] = ["male"]
    table = figure_tables(figures)[3]
    assert table.rows[0] == ("none", "", "accuracy gap", "–", "–", "–", "–")
    assert table.notes[-3:] == (
        "Not compared everywhere: female (fewer than 2 wearers).",
        "A dash: fewer than two groups can be compared.",
        "No training window is of male.",
    )


def test_names_of_groups_cannot_break_a_page_or_a_card(measured, wave_run):
    figures = json.loads(json.dumps(measured.figures).replace("female", "<b>|"))
    recipe, facts = wave_run.recipe(), wave_run.facts()
    assert "| <b>\\| |" in render_card(tiny_manifest(), recipe, facts, figures)
    page = render_report(dataclasses.replace(measured, figures=figures), recipe, facts.signal, facts.classes)
    assert "<td>&lt;b&gt;|</td>" in page
