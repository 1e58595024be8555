"""Losses from the number that a board writes beside each sample: pure, and learnt from the numbers themselves.

Boards count differently: by one or two, to 255 or 200 or without end, or packets of many samples, which says nothing
about samples. So the step is the difference that most samples have, if most have one, and the range is the longest that
was wrapped around at least twice. Until both are known nothing is taken for lost; a loss of more than the range is seen
modulo the range.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LEARNT: Final = 64  # differences, until the step is known
_MOST: Final = 0.8  # of them are the step, else there is none
_RANGES: Final = 64  # that are kept
_LARGEST: Final = 2**16  # samples; a longer jump of a counter without end is another counter


class PacketCounter:
    """How many samples are missing before each."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._differences: Counter[float] = Counter()
        self._step: float | None = None  # 0 where samples are not counted
        self._ranges: Counter[float] = Counter()

    def missing(self, numbers: NDArray[np.float64]) -> NDArray[np.int64]:
        """Samples lost before each of those with these numbers, (n,)."""
        return np.array([self._before(number) for number in numbers.tolist()], dtype=np.int64)

    def _before(self, number: float) -> int:
        last, self._last = self._last, number
        if last is None or self._step == 0 or not np.isfinite(number - last):
            return 0
        difference = number - last
        if self._step is None:
            self._learn(difference)
            return 0
        if difference < 0:
            if len(self._ranges) > _RANGES:
                self._ranges.clear()
            self._ranges[self._step - difference] += 1
            whole = max((one for one, times in self._ranges.items() if times > 1), default=0.0)
            difference = difference % whole if whole else self._step
        samples = difference / self._step - 1
        return int(samples) if samples == int(samples) and 0 < samples <= _LARGEST else 0

    def _learn(self, difference: float) -> None:
        self._differences[difference] += 1
        if self._differences.total() < _LEARNT:
            return
        step, times = self._differences.most_common(1)[0]
        self._step = step if step > 0 and times >= _MOST * _LEARNT else 0.0
