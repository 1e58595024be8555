import pytest

from edgeguard.fleet.pages import alarm_words as say


@pytest.mark.parametrize(
    ("ms", "words"),
    [(-5, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_600_000, "1 h 00 min"), (90_000_000, "1 d 1 h")],
)
def test_a_duration_has_two_units_at_most_and_never_breaks(ms, words):
    assert say.duration(ms) == words.replace(" ", "\u00a0")


def test_the_exits_that_doubt_are_named():
    assert say.spread("N", [0.9, 0.4, 0.2, 0.1]) == (
        "The exits give N between 10% and 90%; exits 2, 3 and 4 give it less than half."
    )
    assert say.spread("N", [0.9, 0.4]).endswith("exit 2 gives it less than half.")
    assert say.spread("N", [0.9, 0.5]).endswith("all give it at least half.")
    assert say.spread("N", [0.9]) == "The model has one exit; it gives N 90%."


def test_the_ensemble_names_the_next_likely_class_where_there_is_one():
    assert say.ensemble("N", 0.5, {"N": 0.5, "S": 0.44, "V": 0.06}) == "It predicted N at 50%, before S at 44%."
    assert say.ensemble("N", 1.0, {"N": 1.0}) == "It predicted N at 100%."


def test_a_crossing_of_a_threshold_of_zero_is_no_ratio():
    assert say.crossing("drift", "mutual_information", 3.0, 1.5) == (
        "the sum over mutual information was 3, 2.0 times the threshold of 1.5"
    )
    assert say.crossing("window", "votes", 0.4, 0.0) == "its votes was 0.4, threshold 0"
