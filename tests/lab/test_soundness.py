from __future__ import annotations

from edgeguard.lab.soundness import broken


def row(epsilon, accuracy, last=None, warnings=(), view="average"):
    last = accuracy if last is None else last
    return {
        "label": f"{epsilon:g}",
        "size": epsilon,
        "view": view,
        "ensemble": {"accuracy": accuracy},
        "exits": [{"accuracy": 0.9}, {"accuracy": last}],
        "warnings": list(warnings),
    }


def test_falling_accuracy_raises_no_doubt():
    assert broken({"pgd": [row(0.1, 0.8), row(0.2, 0.5)], "square": [row(0.1, 0.9), row(0.2, 0.7)]}) == []


def test_accuracy_that_rises_with_epsilon_is_doubted_whatever_the_order():
    (found,) = broken({"pgd_avg": [row(0.2, 0.8), row(0.1, 0.5)]})
    assert found == "pgd_avg: accuracy rises from 0.500 at ε 0.1 to 0.800 at 0.2: the attack looks broken"


def test_an_attack_that_does_not_aim_at_accuracy_is_not_judged_by_it():
    assert broken({"sloth": [row(0.1, 0.5), row(0.2, 0.8)]}) == []


def test_an_attack_is_judged_by_the_exit_it_looks_at():
    assert broken({"pgd": [row(0.1, 0.5, last=0.4, view="last"), row(0.2, 0.8, last=0.1, view="last")]}) == []
    assert len(broken({"pgd": [row(0.1, 0.5, last=0.1, view="last"), row(0.2, 0.5, last=0.4, view="last")]})) == 1
    assert broken({"pgd": [row(0.1, 0.5, view=0), row(0.2, 0.8, view=0)]}) == []


def test_a_black_box_that_beats_every_informed_gradient_attack_is_a_sign_of_masking():
    (found,) = broken({"pgd": [row(0.1, 0.8)], "pgd_avg": [row(0.1, 0.7)], "square": [row(0.1, 0.5)]})
    assert found.startswith("square leaves 0.500 right at ε 0.1, all gradient attacks on all exits 0.700 or more")


def test_a_black_box_may_beat_attacks_that_look_at_one_exit():
    assert broken({"pgd": [row(0.1, 0.8, view="last")], "square": [row(0.1, 0.5)]}) == []


def test_an_attacks_own_warnings_are_passed_on():
    assert broken({"pgd": [row(0.1, 0.5, warnings=["20% of windows …"])]}) == ["pgd, ε 0.1: 20% of windows …"]
