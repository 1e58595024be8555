"""Find the R peaks of an ECG while it arrives."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.qrs_constants import CONSTANTS, QrsConstants
from edgeguard.signals.qrs_decision import QrsDecision
from edgeguard.signals.qrs_envelope import Floats, QrsEnvelope, TurningPoints
from edgeguard.signals.spec import BEAT_RATES_HZ

_REACH_S: Final = 0.08  # of the search for the peak on both sides of the middle of its complex: half a wide one
_TURN_OVER: Final = 1.5  # a peak lies on the side of the one before unless the other side is so many times as far
_LARGEST: Final = 1e30  # no unit makes a signal so large; beyond it the filters would overflow and never recover


class RPeakDetector:
    """R peaks in one lead of any unit and polarity, the same for any chunks, in bounded memory.

    A peak is confirmed about 0.3 s after it, but while the first heights are learned, and where a weak beat is found
    only because one was overdue, up to 2.5 s after it. A sample that is not finite counts as the one before it. Rates
    outside `BEAT_RATES_HZ` are a ValueError.

    Attributes:
        longest_delay: Samples from a peak to the sample that confirms it, at most.
    """

    def __init__(self, rate_hz: float, constants: QrsConstants = CONSTANTS) -> None:
        if not BEAT_RATES_HZ[0] <= rate_hz <= BEAT_RATES_HZ[1]:
            raise ValueError(f"rate_hz {rate_hz:g} is outside {BEAT_RATES_HZ[0]:g} to {BEAT_RATES_HZ[1]:g}")
        self._envelope = QrsEnvelope(rate_hz, constants)
        self._turns = TurningPoints()
        self._decision = QrsDecision(rate_hz, constants)
        self._reach = round(_REACH_S * rate_hz)
        waiting_s = max(constants.learning_s, constants.overdue_s) + constants.refractory_s
        self.longest_delay = round(waiting_s * rate_hz) + self._envelope.delay + self._reach + 2
        self._kept = self.longest_delay + 3 * self._reach
        self._values: Floats = np.zeros(0)  # the newest samples
        self._fed = 0
        self._upward = True

    def feed(self, values: NDArray[np.floating]) -> list[int]:
        """Peaks that the next samples (n,) confirm, as indices since construction; rising, each once."""
        if len(values) == 0:
            return []
        filled = self._filled(values)
        self._values = np.concatenate((self._values[-self._kept :], filled))
        self._fed += len(filled)
        for at, height, is_top in self._turns.of(self._envelope.of(filled)):
            self._decision.turn(at, height, is_top=is_top)
        self._decision.advance(self._fed - 2)  # the last sample may yet be a turn
        return [self._peak(top) for top in self._decision.take()]

    def finish(self) -> list[int]:
        """Peaks still pending at the end; nothing may be fed afterwards."""
        end = self._fed
        peaks = self.feed(np.full(self._envelope.delay + self._reach, np.nan)) if end else []
        self._decision.finish()
        return [peak for peak in peaks + [self._peak(top) for top in self._decision.take()] if peak < end]

    def _filled(self, values: NDArray[np.floating]) -> Floats:
        """As float64, each sample that is no number replaced by the one before."""
        filled = values.astype(np.float64)
        usable = np.abs(filled) < _LARGEST
        if not usable.all():
            last = self._values[-1] if len(self._values) else 0.0
            source = np.maximum.accumulate(np.where(usable, np.arange(len(filled)), -1))
            filled = np.where(source < 0, last, filled[source])
        return filled

    def _peak(self, top: int) -> int:
        """The R peak of the complex whose hill has its top there: the sample farthest from the level around it."""
        first = self._fed - len(self._values)
        middle = max(top - self._envelope.delay - first, 0)
        begin = max(middle - self._reach, 0)
        complex_ = self._values[begin : middle + self._reach + 1]
        around = self._values[max(begin - self._reach, 0) : middle + 2 * self._reach + 1]
        level = np.partition(around, len(around) // 2)[len(around) // 2]
        highest, lowest = int(complex_.argmax()), int(complex_.argmin())
        up, down = complex_[highest] - level, level - complex_[lowest]
        self._upward = bool(_TURN_OVER * up >= down if self._upward else up > _TURN_OVER * down)
        return first + begin + (highest if self._upward else lowest)
