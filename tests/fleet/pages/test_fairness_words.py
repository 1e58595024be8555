import pytest

from edgeguard.fleet.fairness_report import FIGURES, FigureRow, Group, Question, Report
from edgeguard.fleet.pages import fairness_words as say
from edgeguard.metrics.figures import Estimate, Gap

GROUPS = [Group("F", 20, 20, 1000), Group("M", 20, 20, 1000)]


def row(figure="alarm_rate", low=0.068, band=0.05):
    estimates = [Estimate(value, value / 2, value * 2, 20, 1000) for value in (0.105, 0.031)]
    gap = Gap(0.074, low, 0.079, "F", "M")
    return FigureRow(figure, "", "share", estimates, estimates[0], gap, band)


def report(*rows):
    nothing = Estimate(None, None, None, 0, 0, "none")
    question = Question(0, 3_600_000, "sex")
    return Report(question, 0, GROUPS, list(rows), nothing, nothing, None, {}, 0, 0, [])


def test_a_gap_outside_its_band_is_said_with_its_interval():
    assert say.sentence(row(), report(row()), 0.95) == (
        "The model raises alarms on 10.5 % of the windows of F, and on 3.1 % of those of M. The gap is 7.4 percentage "
        "points (95% interval 6.8 to 7.9). It is more than the 5.0 % that are tolerated."
    )


@pytest.mark.parametrize(
    ("low", "band", "judgement"),
    [
        (0.0, 0.05, "The groups may be alike."),
        (0.01, 0.05, "It is not chance alone, but may be within the 5.0 % that are tolerated."),
        (0.01, None, "It is not chance alone."),
    ],
)
def test_no_more_is_said_than_the_interval_says(low, band, judgement):
    assert say.sentence(row(low=low, band=band), report(), 0.95).endswith(judgement)


def test_gaps_furthest_over_their_band_come_first_and_uncertain_ones_not_at_all():
    near, far, unsure = row(low=0.06), row("margin", low=0.07), row("accuracy", low=0.0)
    assert say.largest(report(near, unsure, far)) == [far, near]


def test_small_shares_are_never_shown_as_zero():
    assert [say.shown(value, "share") for value in (0, 0.00041, 0.5, None)] == ["0.0 %", "0.041 %", "50.0 %", "–"]


def test_every_figure_has_a_heading_a_meaning_and_a_place():
    placed = [figure for _, figures in say.PARTS for figure in figures]
    assert sorted(placed) == sorted(say.TITLES) == sorted(say.MEANINGS) == sorted(FIGURES)
