from __future__ import annotations

import pytest

from edgeguard.lab.papers.adversarial_training_hurts_fairness.measures import eou
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import FIGURES, PUBLISHED, TABLES
from edgeguard.lab.papers.adversarial_training_hurts_fairness.rows import published_figures
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import SUBJECTS


def test_the_paper_finds_every_figure_of_its_robust_nets_less_fair():
    for nets in PUBLISHED.values():
        standard, robust = published_figures(nets["standard"]), published_figures(nets["robust"])
        gaps = [name for name in standard if "accuracy" not in name]
        assert len(gaps) >= 6
        assert all(robust[name] > standard[name] for name in gaps)


def test_eou_by_race_is_the_largest_difference_of_table_v():
    robust = published_figures(PUBLISHED["adult"]["robust"])
    assert robust[eou("race", "<=50K")] == pytest.approx(0.242 - 0.148)
    assert robust[eou("race", ">50K")] == pytest.approx(0.763 - 0.64)


def test_luf_t_and_luf_l_of_the_paper_count_the_same_changes():
    luf, each, every = PUBLISHED["cifar10"]["standard"].left_out
    assert 0 < luf < 1
    assert every / 10_000 == pytest.approx(each / 100, rel=1e-3)


def test_every_part_is_of_studies_that_there_are_and_at_radii_that_are_measured():
    for part in (*TABLES.values(), *FIGURES.values()):
        assert set(part.studies) <= set(SUBJECTS)
    for key, nets in PUBLISHED.items():
        assert all(tuple(net.success_gaps) == SUBJECTS[key].epsilons for net in nets.values())
