"""Which hills of the QRS envelope are beats: the rules of Pan & Tompkins (IEEE TBME 32(3), 1985), and one on flutter.

Running heights of beats and of noise set a threshold between them. A hill is judged once no higher one can follow
within the refractory period; where a beat is overdue, the hills since the last one are judged again with a lower
threshold. All of it happens at sample times, never at the end of a chunk: chunks of any size lead to the same beats.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, NamedTuple

from edgeguard.signals.qrs_constants import QrsConstants

_INTERVALS: Final = 8  # in the mean interval, as in Pan & Tompkins
_FIRST_INTERVAL_S: Final = 1.0  # until two beats tell one
_LARGEST_RISE: Final = 2.0  # a hill counts at most so many times the running height: a shock must not deafen for long
_FLOOR: Final = 1e-6  # a hill lower than this share of a recent one is the filters' ringing
_FLOOR_DECAY: Final = 0.8  # per hill: slower than the filters ring, fast enough to forget the largest float
_MOST_HILLS: Final = 64  # between two beats; more than the refractory period allows before silence


class Hill(NamedTuple):
    """A top of the envelope: its sample, its height, and the lowest height since the last beat."""

    at: int
    height: float
    valley: float


class QrsDecision:
    """Beats among the turning points of one envelope, which come in order."""

    def __init__(self, rate_hz: float, constants: QrsConstants) -> None:
        self._constants = constants
        self._rate_hz = rate_hz
        self._refractory = constants.refractory_s * rate_hz
        self._t_wave = constants.t_wave_s * rate_hz
        self._valley: float  # the lowest height since the last beat
        self._dip: float  # the lowest height since the latest hill
        self._pending: Hill | None
        self._last: Hill | None
        self._closes_at: float
        self._wakes_at: float  # when learning ends, or the next beat is overdue
        self._silent_at: float
        self._hills: deque[Hill] = deque(maxlen=_MOST_HILLS)  # since the last beat, and none of them one
        self._intervals: deque[int] = deque(maxlen=_INTERVALS)
        self._train: deque[tuple[int, float]] = deque(maxlen=constants.flutter_waves)
        self._floor = 0.0
        self._found: list[int] = []
        self._restart()

    def turn(self, at: int, height: float, *, is_top: bool) -> None:
        """Take the envelope's next turning point."""
        if not is_top:
            self._valley, self._dip = min(self._valley, height), min(self._dip, height)
            return
        self.advance(at)
        heard = height > self._floor
        self._floor = max(_FLOOR * height, _FLOOR_DECAY * self._floor)
        if heard and (self._pending is None or height > self._pending.height):
            self._pending, self._dip = Hill(at, height, self._valley), math.inf
            self._closes_at = at + self._refractory
            if self._learning and self._wakes_at == math.inf:
                self._wakes_at = at + self._constants.learning_s * self._rate_hz

    def advance(self, now: float) -> None:
        """Decide what can be decided at sample `now`, before which every turning point was taken."""
        while (due := min(self._closes_at, self._wakes_at, self._silent_at)) <= now and due < math.inf:
            if due == self._closes_at:
                self._close()
            elif due == self._wakes_at:
                self._learn() if self._learning else self._search_back()
            else:
                self._restart()

    def finish(self) -> None:
        """Decide what is pending: nothing follows."""
        self._close()
        if self._learning:
            self._learn()

    def take(self) -> list[int]:
        """Samples of the tops of beats decided since the last call, rising."""
        found, self._found = self._found, []
        return found

    def _restart(self) -> None:
        """Know nothing; learning begins with the next hill."""
        self._learning, self._lowered = True, False
        self._beat_height = self._noise_height = self._valley = self._dip = 0.0
        self._pending = self._last = None
        self._closes_at = self._wakes_at = self._silent_at = math.inf
        self._hills.clear()
        self._intervals.clear()
        self._train.clear()

    def _close(self) -> None:
        """No higher hill followed the pending one."""
        hill, self._pending, self._closes_at = self._pending, None, math.inf
        if hill is None:
            return
        if self._learning:
            self._hills.append(hill)
        else:
            self._judge(hill)

    def _learn(self) -> None:
        """Set the heights from the hills so far, of which the highest is a beat or more, and judge these hills."""
        hills, self._learning, self._wakes_at = list(self._hills), False, math.inf
        self._hills.clear()
        if hills:
            self._beat_height = 0.8 * max(hill.height for hill in hills)
            self._noise_height = 0.5 * sum(hill.height for hill in hills) / len(hills)
            self._silent_at = hills[-1].at + self._constants.silence_s * self._rate_hz
        for hill in hills:
            self._judge(hill)

    def _judge(self, hill: Hill) -> None:
        if hill.height <= self._threshold() or self._is_t_wave(hill):
            self._noise_height += self._constants.weight * (min(hill.height, self._beat_height) - self._noise_height)
            self._hills.append(hill)
        elif self._is_flutter(hill):
            self._follow(hill)
        else:
            self._accept(hill)

    def _threshold(self) -> float:
        height = self._noise_height + self._constants.threshold * (self._beat_height - self._noise_height)
        return height * self._constants.lowered if self._lowered else height

    def _is_t_wave(self, hill: Hill) -> bool:
        low = self._last is not None and hill.height < self._constants.t_wave_height * self._last.height
        return low and not self._is_late(hill)

    def _is_flutter(self, hill: Hill) -> bool:
        """Whether it ends a fast train of hills without a line between them."""
        if self._last is None:
            return False
        self._train.append((hill.at - self._last.at, hill.valley / min(hill.height, self._last.height)))
        waves = self._constants.flutter_waves
        return (
            len(self._train) == waves
            and sum(interval for interval, _ in self._train)
            < waves * self._constants.flutter_interval_s * self._rate_hz
            and sum(valley for _, valley in self._train) > waves * self._constants.flutter_valley
        )

    def _accept(self, hill: Hill) -> None:
        self._found.append(hill.at)
        if self._last is not None:
            self._intervals.append(hill.at - self._last.at)
        height = min(hill.height, _LARGEST_RISE * self._beat_height)
        self._beat_height += self._constants.weight * (1 + self._lowered) * (height - self._beat_height)
        self._follow(hill)

    def _follow(self, hill: Hill) -> None:
        """Time runs from this hill on: the next beat, the lowered threshold, silence."""
        self._last, self._lowered, self._valley = hill, False, self._dip
        while self._hills and self._hills[0].at <= hill.at:
            self._hills.popleft()
        mean = sum(self._intervals) / len(self._intervals) if self._intervals else _FIRST_INTERVAL_S * self._rate_hz
        wait = min(self._constants.overdue_beats * mean, self._constants.overdue_s * self._rate_hz)
        self._wakes_at = hill.at + wait
        self._silent_at = hill.at + self._constants.silence_s * self._rate_hz

    def _search_back(self) -> None:
        """A beat is overdue: lower the threshold and take the highest hill since the last one if that is enough."""
        self._lowered, self._wakes_at = True, math.inf
        fit = [hill for hill in self._hills if hill.height > self._threshold() and self._is_late(hill)]
        if fit:
            self._accept(max(fit, key=lambda hill: hill.height))

    def _is_late(self, hill: Hill) -> bool:
        """Whether it comes too long after the last beat to be its T wave."""
        return self._last is None or hill.at - self._last.at > self._t_wave
