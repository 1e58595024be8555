from __future__ import annotations

import pytest

from edgeguard.lab.papers.beside import beside, differs


def test_mean_spread_and_difference():
    found = beside([0.6, 0.8], 0.77)
    assert found["ours"] == {"mean": 0.7, "std": pytest.approx(0.1414, abs=1e-4), "values": [0.6, 0.8]}
    assert found["difference"] == pytest.approx(-0.07)
    assert beside([0.6])["ours"]["std"] == 0.0
    assert beside([0.6])["difference"] is None


@pytest.mark.parametrize(
    ("values", "paper", "expected"),
    [
        ([0.60, 0.80], 0.77, False),  # within the spread
        ([0.69, 0.71], 0.77, True),
        ([0.984, 0.984], 0.98, False),  # the paper's rounding
        ([0.70], 0.77, False),  # one seed has no spread
        ([0.69, 0.71], None, False),
    ],
)
def test_a_difference_counts_where_it_exceeds_the_spread(values, paper, expected):
    assert differs(beside(values, paper)) is expected
