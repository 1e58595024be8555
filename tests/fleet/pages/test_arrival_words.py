import pytest

from edgeguard.fleet.arrival import RateChange
from edgeguard.fleet.pages.arrival_words import interval, verdict


@pytest.mark.parametrize(
    ("low", "high", "says", "tone"),
    [
        (0.01, 0.02, "More alarms", "bad"),
        (-0.02, -0.01, "Fewer alarms", "good"),
        (-0.01, 0.01, "No change of alarms", ""),
        (0.0, 0.02, "No change of alarms", ""),
        (None, None, "cannot be told", ""),
    ],
)
def test_no_more_is_said_than_the_interval_says(low, high, says, tone):
    told, said_tone = verdict("alarms", RateChange(0.01, 0.02, low, high))
    assert says in told
    assert said_tone == tone


def test_an_interval_in_percentage_points():
    assert interval(RateChange(0.03, 0.01, -0.025, -0.0151)) == "−2.00 (−2.50 to −1.51)"
