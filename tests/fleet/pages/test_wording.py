import pytest

from edgeguard.fleet.pages import wording
from edgeguard.fleet.store.devices import ATTENTION


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 10, "0 %"),
        (1, 3, "33 %"),
        (1, 30, "3.3 %"),
        (1, 100_000, "< 0.1 %"),
        (1, 0, "–"),
        (None, 1, "–"),
        (1, 1, "100 %"),
    ],
)
def test_a_share_is_never_nothing_when_it_is_something(part, whole, said):
    assert wording.percent(part, whole) == said


@pytest.mark.parametrize(
    ("ms", "said"),
    [(45_000, "45 s"), (60_000, "1 minute"), (5_400_000, "2 hours"), (56 * 31_557_600_000, "56 years")],
)
def test_a_duration_in_words(ms, said):
    assert wording.duration(ms) == said


def test_every_reason_to_look_has_its_words():
    assert set(wording.ATTENTION) == set(ATTENTION)


def test_numbers_are_counted_in_words():
    assert (wording.several(1), wording.several(1200)) == ("1 device", "1\u202f200 devices")
