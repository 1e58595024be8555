"""When a virtual device raises alarms, and when they are over: the rules of a real one, over an interval at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeguard.exits.drift import DriftDetector
from edgeguard.fleet.simulation.models import SCORE, SimulatedModel
from edgeguard.fleet.simulation.windows import Windows
from edgeguard.telemetry.messages import AlarmKind

CLEAR_WINDOWS = 10  # a window alarm is over after so many windows in a row under the threshold
_DRIFT_WINDOWS = 10_000_000  # clean windows from one false drift alarm to the next, on average


@dataclass(frozen=True)
class Change:
    """An alarm that begins or ends.

    Attributes:
        kind: ``window`` or ``drift``.
        raised: Whether it begins.
        index: Of the window among those of the interval that were given to the model.
        windows: Over the threshold since it began.
        score: What `value` is, by name.
        value: See `edgeguard.telemetry.messages.Alert`.
        threshold: Likewise.
    """

    kind: AlarmKind
    raised: bool
    index: int
    windows: int
    score: str
    value: float
    threshold: float


class WindowAlarm:
    """The window alarm of one source."""

    def __init__(self, model: SimulatedModel) -> None:
        self._model = model
        self._lasts = False
        self._windows = self._under = 0

    def watch(self, windows: Windows) -> Iterator[Change]:
        """The changes in one more interval."""
        over = windows.disagreement > self._model.threshold
        before = -1
        for index in np.flatnonzero(over).tolist():
            yield from self._pass(windows, before + 1, index)
            self._under = 0
            self._windows += 1
            if not self._lasts:
                self._lasts, self._windows = True, 1
                yield self._change(windows, index)
            before = index
        yield from self._pass(windows, before + 1, len(over))

    def _pass(self, windows: Windows, first: int, end: int) -> Iterator[Change]:
        """Windows under the threshold, from `first` up to `end`."""
        missing = CLEAR_WINDOWS - self._under
        self._under += end - first
        if self._lasts and end - first >= missing:
            self._lasts = False
            yield self._change(windows, first + missing - 1)

    def _change(self, windows: Windows, index: int) -> Change:
        value = float(windows.disagreement[index])
        return Change("window", self._lasts, index, self._windows, SCORE, value, self._model.threshold)


class DriftAlarm:
    """The drift alarm of one source."""

    def __init__(self, model: SimulatedModel) -> None:
        self._detector = DriftDetector(model.clean_quantiles, _DRIFT_WINDOWS)
        self._lasts = False
        self._windows = 0

    def watch(self, windows: Windows) -> Iterator[Change]:
        """The changes in one more interval."""
        for index, score in enumerate(windows.disagreement.tolist()):
            total = self._detector.add(score)
            over = total > self._detector.limit
            self._windows += over and self._lasts
            if over and not self._lasts:
                self._lasts, self._windows = True, 1
            elif not (self._lasts and total <= 0.0):
                continue
            else:
                self._lasts = False
            yield Change("drift", self._lasts, index, self._windows, SCORE, total, self._detector.limit)
