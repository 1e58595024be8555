from __future__ import annotations

import copy

import pytest

from edgeguard.lab.papers.adversarial_training_hurts_fairness.figure_tables import figure_table
from edgeguard.lab.papers.adversarial_training_hurts_fairness.tables import paper_table


def lines(table, width=2):
    return {row[:width]: row[width:] for row in table.rows}


def test_the_texts_figures_stand_beside_ours_with_interval_p_value_and_worst_pair(adult):
    table = paper_table(adult, "text")
    assert table.title == "Figures of the text, adult, 2 seeds, scale full"
    found = lines(table)["standard", "CAU"]
    value = adult["rows"][0]["figures"]["CAU"]["ours"]["mean"]
    assert found[0].startswith(f"{value:.4f} ± ")
    assert found[1:3] == ("0.0195", f"{value - 0.0195:+.4f}" + (" ≠" if "≠" in found[2] else ""))
    gaps = [net["clean"]["class_gap"] for net in adult["rows"][0]["nets"]]
    low, high = min(gap["low"] for gap in gaps), max(gap["high"] for gap in gaps)
    assert found[3] == f"{low:.4f} to {high:.4f}"
    assert found[4] == f"{max(gap['p_value'] for gap in gaps):.3f}"
    assert {"<=50K", ">50K"} == set(found[5].replace(" / ", ", ").split(", "))


def test_the_papers_robust_accuracy_stands_beside_both_of_ours(adult):
    found = lines(paper_table(adult, "text"))
    title = adult["rows"][1]["title"]
    assert found[title, "robust accuracy"][1] == "0.964"
    assert found[title, "accuracy on the standard net's adversarial examples"][:2] == ("0.505 ± 0.007", "0.964")
    assert any(note.startswith(f"Against the standard net, {title}: ") for note in paper_table(adult, "text").notes)


def test_success_gaps_are_in_percent_for_each_radius(cifar10):
    found = lines(paper_table(cifar10, "1"))
    gap = cifar10["rows"][0]["figures"]["CRU_s at ε = 0.01"]["ours"]["mean"]
    assert found["standard", "CRU_s at ε = 0.01"][0].startswith(f"{100 * gap:.2f} ± ")
    assert [found["standard", f"CRU_s at ε = {e}"][1] for e in ("0.01", "0.012", "0.014")] == ["13.43", "8.45", "4.71"]
    assert found[cifar10["rows"][2]["title"], "CRU_s at ε = 0.01"][1:3] == ("–", "–")


def test_leave_one_out_has_another_seed_beside_it_and_the_papers_figures_where_as_many_are_left_out(cifar10, adult):
    table = paper_table(cifar10, "3")
    assert table.header[-1] == "same data, other seed"
    found = lines(table)["standard", "LUF_t"]
    assert found[1] == "29.26"
    assert found[0] == found[-1]  # the same nets in another order
    assert "100 nets, each" in table.notes[1]
    fewer = copy.deepcopy(cifar10)
    for row in fewer["rows"]:
        for net in row["nets"]:
            net["left_out"]["left_out"] = 5
    table = paper_table(fewer, "3")
    assert [lines(table)["standard", name][1] for name in ("LUF", "LUF_t", "LUF_l")] == ["–", "–", "–"]
    assert table.notes[-1].startswith("LUF and LUF_t grow with the number of nets, of which the paper has 100, LUF_l")
    counted, share = (lines(table)["standard", name] for name in ("LUF_l", "verdicts that change"))
    assert float(share[0].split()[0]) == pytest.approx(float(counted[0].split()[0]) / 9, abs=6e-3)
    assert share[1] == "0.293"
    as_many = paper_table({**cifar10, "test_samples": 10_000}, "3")
    assert lines(as_many)["standard", "LUF_l"][1] == "2926.1"
    assert not as_many.notes[-1].startswith("LUF and LUF_t grow")
    assert lines(paper_table(adult, "3"))["standard", "LUF"][1] == "–"


def test_confidences_by_race_have_the_papers_line_below_and_those_by_sex_say_that_it_is_lost(adult):
    table = paper_table(adult, "5")
    found = lines(table, 3)
    assert found["standard", ">50K", "paper"][table.header.index("Black") - 3] == "0.639"
    assert " ± " in found["standard", ">50K", "ours"][0]
    table = paper_table(adult, "4")
    assert (table.header[3:], {row[2] for row in table.rows}) == (("Female", "Male"), {"ours"})
    assert "Test samples: <=50K: Female 5, Male 5" in table.notes[0]
    assert "Table IV is lost" in table.notes[1]


def test_figures_in_numbers_have_a_line_for_each_net_and_a_column_for_each_class(cifar10, adult):
    table = figure_table(cifar10, "1")
    means = [net["clean"]["class_gap"]["groups"]["cat"]["value"] for net in cifar10["rows"][0]["nets"]]
    assert table.header == ("net", *cifar10["classes"])
    assert lines(table, 1)[("standard",)][table.header.index("cat") - 1].startswith(f"{sum(means) / 2:.3f} ± ")
    assert len(figure_table(cifar10, "2").rows) == 3
    assert len(figure_table(cifar10, "3").rows) == 3 * 3
    assert figure_table(adult, "4").rows[0][0] == "standard, ε = 10"
    sex, race = figure_table(adult, "5"), figure_table(adult, "6")
    assert lines(sex)["standard", "EOU by sex on >50K"][1] == "–"
    assert lines(race)["standard", "EOU by race on >50K"][1] == "0.067"


def test_a_gap_that_is_undefined_in_every_seed_is_left_out(adult):
    broken = copy.deepcopy(adult)
    name = "EOU by race on >50K"
    del broken["rows"][0]["figures"][name]
    assert ("standard", name) not in lines(figure_table(broken, "6"))
