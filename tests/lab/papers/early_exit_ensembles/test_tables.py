from __future__ import annotations

import pytest

from edgeguard.lab.papers.beside import beside
from edgeguard.lab.papers.early_exit_ensembles.tables import cost_table, curves, side_by_side
from tests.lab.papers.early_exit_ensembles.conftest import cost_of


def cell(attack, epsilon, f1, paper=None):
    return {"attack": attack, "epsilon": epsilon, "f1": beside(f1, paper), "ece": beside([0.1, 0.1], paper and 0.1)}


def study_of(*rows, **changes):
    facts = {"title": "Waves", "scale": "tiny", "units": "mV", "epsilon": 0.2, "epsilon_aim_f1": 0.33, "warnings": []}
    return {**facts, "epsilon_f1": beside([0.3, 0.4]), "rows": list(rows), **changes}


@pytest.fixture
def measured():
    ours = [cell("clean", None, [0.98, 1.0], 0.99), cell("pgd", 0.1, [0.8, 0.9]), cell("pgd", 0.2, [0.1, 0.2], 0.77)]
    plain = [cell("clean", None, [0.9, 0.9]), cell("pgd", 0.1, [0.5, 0.7]), cell("pgd", 0.2, [0.3, 0.4], 0.33)]
    return study_of(
        {"row": "no-mitigation", "title": "No mitigation", "attacks": plain},
        {"row": "ours", "title": "Ours", "attacks": ours},
    )


def test_ours_stand_beside_the_papers_and_a_difference_over_the_spread_is_marked(measured):
    table = side_by_side(measured, "1")
    assert table.title == "Table I, Waves, scale tiny"
    lines = {row[:2]: row[2:] for row in table.rows}
    assert lines["Ours", "No attack"] == ("0.990 ± 0.014", "0.99", "+0.000", "0.100 ± 0.000", "0.10", "+0.000")
    assert lines["Ours", "PGD"][:3] == ("0.150 ± 0.071", "0.77", "-0.620 ≠")
    assert lines["No mitigation", "PGD"][:3] == ("0.350 ± 0.071", "0.33", "+0.020")
    assert lines["No mitigation", "No attack"][1:3] == ("–", "–")
    assert lines["Ours", "UAP"] == ("not run", "–", "–", "–", "–", "–")
    assert "ε* = 0.2 (mV)" in table.notes[0]
    assert "0.350 ± 0.071, is nearest 0.33" in table.notes[0]


def test_a_net_of_one_exit_has_no_line_for_attacks_on_exits_and_rows_that_were_not_run_none(measured):
    assert {row[0] for row in side_by_side(measured, "2").rows} == {"Ours"}
    assert len(side_by_side(measured, "1").rows) == 2 * 3


def test_without_a_papers_figure_its_columns_are_left_out():
    study = study_of({"row": "ours", "title": "Ours", "attacks": [cell("clean", None, [0.5, 0.7])]}, warnings=["odd"])
    table = side_by_side(study, "1")
    assert table.header == ("mitigation", "attack", "F1", "ECE")
    assert table.rows[0] == ("Ours", "No attack", "0.600 ± 0.141", "0.100 ± 0.000")
    assert table.notes[1:] == ("Warning: odd.",)


def test_curves_have_a_line_for_each_radius_and_a_column_for_each_net(measured):
    (table,) = curves(measured)
    assert table.header == ("ε of PGD", "No mitigation", "Ours")
    assert [row[0] for row in table.rows] == ["0", "0.1", "0.2"]
    assert table.rows[2][1:] == ("0.350 ± 0.071", "0.150 ± 0.071")


def test_cost_stands_beside_the_papers_limits():
    table = cost_table(cost_of("N"))
    assert (table.title, table.header[0]) == ("What exits add to N", "1 window of 1 × 9")
    lines = {row[0]: row[1:] for row in table.rows}
    assert lines["bytes of weights"] == ("1,000", "1,000", "+14.7 %", "16 %")
    assert lines["FLOPs"][3] == "12 %"
    assert lines["µs in onnxruntime, one thread"][3] == "–"
