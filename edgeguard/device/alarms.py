"""When an alarm begins and when it is over: one watch per source, pure, a few microseconds a window."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.config import Alarms
from edgeguard.device.samples import Alarm, Verdict
from edgeguard.exits.drift import DriftDetector, SlowdownDetector
from edgeguard.telemetry.messages import AlarmKind

_HOUR_S: Final = 3600.0

# (value, whether it is over the threshold, whether an alarm would be over) after one more verdict
_Measure = Callable[[Verdict], tuple[float, bool, bool]]


class AlarmWatch:
    """Watches the verdicts of one source; a new bundle needs a new watch.

    A ``window`` alarm begins with a score over the threshold and is over after `Alarms.clear_windows` windows in a row
    under it. A ``drift`` or ``slowdown`` alarm begins when the detector's sum passes its limit and is over when the
    sum, which is capped, has come down to 0. No alarm begins twice before it is over.

    `Alarms.max_per_hour` counts the alarms that begin, of all kinds together; one that is held back ends unheard too.

    Args:
        rule: Of the policy that judges: the manifest's `disagreement`, or that of its `agreement`.
        stage_shares: `Agreement.stages` where the policy is ``agree``, else None: there is no slowdown alarm then.
        settings: The config's ``[alarms]``.

    Attributes:
        suppressed: Alarms that the rate limit held back so far: what `StreamCounts.suppressed` is.
    """

    def __init__(self, rule: Disagreement, stage_shares: tuple[float, ...] | None, settings: Alarms) -> None:
        self.suppressed = 0
        self._unreported = 0
        self._max_per_hour = settings.max_per_hour
        self._began_s: deque[float] = deque()
        self._episodes = [_Episode("window", rule.threshold, _scores(settings.clear_windows))]
        if settings.drift_windows and rule.clean_quantiles:
            drift = DriftDetector(rule.clean_quantiles, settings.drift_windows)
            self._episodes.append(_Episode("drift", drift.limit, _drift(drift)))
        if settings.drift_windows and stage_shares:
            slowdown = SlowdownDetector(stage_shares, settings.drift_windows)
            self._episodes.append(_Episode("slowdown", slowdown.limit, _slowdown(slowdown)))

    def watch(self, verdict: Verdict, now_s: float) -> list[Alarm]:
        """The alarms that begin or end with this verdict; `now_s` is of a clock that never goes back.

        Rejected windows change nothing.
        """
        if verdict.predicted is None:
            return []
        return [
            self._alarm(episode, verdict, value)
            for episode in self._episodes
            if (value := episode.changed(verdict)) is not None and self._is_heard(episode, now_s)
        ]

    def _is_heard(self, episode: _Episode, now_s: float) -> bool:
        """Whether the limit lets through what has just begun; what ends is heard where its beginning was."""
        if episode.lasts:
            while self._began_s and self._began_s[0] <= now_s - _HOUR_S:
                self._began_s.popleft()
            episode.heard = len(self._began_s) < self._max_per_hour
            if episode.heard:
                self._began_s.append(now_s)
            else:
                self.suppressed += 1
                self._unreported += 1
        return episode.heard

    def _alarm(self, episode: _Episode, verdict: Verdict, value: float) -> Alarm:
        suppressed, self._unreported = self._unreported, 0
        return Alarm(
            episode.kind, episode.lasts, verdict, value, episode.threshold, episode.windows, suppressed=suppressed
        )


@dataclass
class _Episode:
    """One kind of alarm, from its beginning to its end, again and again."""

    kind: AlarmKind
    threshold: float
    measure: _Measure
    lasts: bool = False
    heard: bool = False
    windows: int = 0

    def changed(self, verdict: Verdict) -> float | None:
        """The value with which it begins or ends, or None where it does neither."""
        value, over, calm = self.measure(verdict)
        if not self.lasts:
            if not over:
                return None
            self.lasts, self.windows = True, 1
            return value
        self.windows += over
        if not calm:
            return None
        self.lasts = False
        return value


def _scores(clear_windows: int) -> _Measure:
    under = 0

    def measure(verdict: Verdict) -> tuple[float, bool, bool]:
        nonlocal under
        under = 0 if verdict.alarm else under + 1
        return verdict.disagreement, verdict.alarm, under >= clear_windows

    return measure


def _drift(detector: DriftDetector) -> _Measure:
    def measure(verdict: Verdict) -> tuple[float, bool, bool]:
        total = detector.add(verdict.disagreement)
        return total, total > detector.limit, total <= 0.0

    return measure


def _slowdown(detector: SlowdownDetector) -> _Measure:
    def measure(verdict: Verdict) -> tuple[float, bool, bool]:
        total = detector.add(verdict.stages)
        return total, total > detector.limit, total <= 0.0

    return measure
