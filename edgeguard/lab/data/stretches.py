"""Windows labelled by the stretches that somebody marked in a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Stretch(NamedTuple):
    """Samples from `start` up to `end` of a recording show the class `label`; one below 0 is none of the classes."""

    start: int
    end: int
    label: int


def labelled_windows(
    length: int, stretches: Sequence[Stretch], window: int, hop: int, *, background: int | None = 0
) -> Iterator[tuple[int, int]]:
    """Start and label of each window, at a `hop` from the first sample on, that lies inside `length` samples.

    The label is that of the stretches that lie whole inside the window, and `background` where no stretch touches it;
    such a window is left out where that is None. A window that cuts a stretch shorter than itself, or holds stretches
    of several labels, has no clear label and is left out; so has one that a stretch of none of the classes touches. One
    that lies inside a longer stretch has its label.
    """
    for start in range(0, length - window + 1, hop):
        end = start + window
        touching = [one for one in stretches if one.start < end and start < one.end]
        whole = {one.label for one in touching if _shows(one, start, end)}
        if not touching:
            if background is not None:
                yield start, background
        elif len(whole) == 1 and {one.label for one in touching} == whole and (label := whole.pop()) >= 0:
            yield start, label


def _shows(stretch: Stretch, start: int, end: int) -> bool:
    inside = start <= stretch.start and stretch.end <= end
    return inside or (stretch.start <= start and end <= stretch.end)
