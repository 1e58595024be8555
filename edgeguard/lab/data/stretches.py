"""Windows labelled by the stretches that somebody marked in a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Stretch(NamedTuple):
    """Samples from `start` up to `end` of a recording show the class `label`, above 0."""

    start: int
    end: int
    label: int


def labelled_windows(
    length: int, stretches: Sequence[Stretch], window: int, hop: int, first: int = 0
) -> Iterator[tuple[int, int]]:
    """Start and label of each window, at a `hop` from sample `first` on, that lies inside `length` samples.

    The label is that of the stretches that lie whole inside the window, 0 where no stretch touches it. A window that
    cuts a stretch shorter than itself, or holds stretches of several labels, has no clear label and is left out; one
    that lies inside a longer stretch has its label.
    """
    for start in range(first, length - window + 1, hop):
        end = start + window
        touching = [one for one in stretches if one.start < end and start < one.end]
        whole = {one.label for one in touching if _shows(one, start, end)}
        if not touching:
            yield start, 0
        elif len(whole) == 1 and {one.label for one in touching} == whole:
            yield start, whole.pop()


def _shows(stretch: Stretch, start: int, end: int) -> bool:
    inside = start <= stretch.start and stretch.end <= end
    return inside or (stretch.start <= start and end <= stretch.end)
