"""Windows in, verdicts to the alarm watches and the sinks: all that happens with a window once it is cut."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, runtime_checkable

from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.alarms import AlarmWatch
from edgeguard.device.config import Alarms
from edgeguard.device.judge import rejected
from edgeguard.device.samples import Alarm, Sink, StreamCounts, Verdict, Window
from edgeguard.errors import EdgeGuardError

log = logging.getLogger(__name__)

ENGINE_FAILED: Final = "engine failed"


class Judging(Protocol):
    """What gives verdicts; `edgeguard.device.judge.Judge` does."""

    rule: Disagreement
    stage_shares: tuple[float, ...] | None

    def judge(self, windows: Sequence[Window]) -> list[Verdict]:
        """One verdict for each window, in order."""
        ...

    def self_test(self) -> float:
        """EngineError where the golden windows come out otherwise."""
        ...


@runtime_checkable
class KeepsWindows(Sink, Protocol):
    """A sink that also wants each window, before the verdict on it."""

    def keep(self, window: Window) -> None:
        """Remember a window; its values are copied."""
        ...


class Arrival(NamedTuple):
    """A window, and when its last sample came, on the monotonic clock."""

    window: Window
    arrived_s: float


@dataclass
class Seen:
    """What went by until the end: windows, the rejected ones too, and those over the threshold."""

    windows: int = 0
    rejected: int = 0
    alarms: int = 0


class Serving:
    """One judge, an alarm watch for each source, and the sinks; all calls come from one thread.

    What goes wrong with a window or a sink is logged once and does not stop the others.

    Args:
        judge: Gives the verdicts.
        sinks: Take them; closed with the serving.
        counts: Of each source by its name; the alarms that are held back are counted there.
        alarms: The config's ``[alarms]``.
        seen: Is counted up.
        limit: Windows in `seen` after which the rest is passed over, or None.
        monotonic: A clock that never jumps, in seconds.

    Attributes:
        advanced: Windows that the model has judged, golden ones too: it stands still where the engine fails.
    """

    def __init__(
        self,
        judge: Judging,
        sinks: Sequence[Sink],
        counts: Mapping[str, StreamCounts],
        alarms: Alarms,
        *,
        seen: Seen,
        limit: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.advanced = 0
        self.seen = seen
        self._counts = counts
        self._alarms = alarms
        self._limit = limit
        self._monotonic = monotonic
        self._said: set[str] = set()
        self.judge_with(judge, sinks)

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._limit is not None and self.seen.windows >= self._limit

    def judge_with(self, judge: Judging, sinks: Sequence[Sink]) -> None:
        """Take another judge and other sinks from here on; alarms begin anew, and no sink is closed."""
        self._judge = judge
        self._sinks = list(sinks)
        self._keepers = [sink for sink in sinks if isinstance(sink, KeepsWindows)]
        self._watches = {name: AlarmWatch(judge.rule, judge.stage_shares, self._alarms) for name in self._counts}

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Judge windows in one batch, and give every verdict to every sink."""
        if self._limit is not None:
            arrivals = arrivals[: self._limit - self.seen.windows]
        if not arrivals:
            return
        verdicts = self._judged([arrival.window for arrival in arrivals])
        now_s = self._monotonic()
        for arrival, verdict in zip(arrivals, verdicts, strict=True):
            for keeper in self._keepers:
                self._try(keeper, keeper.keep, arrival.window)
            self._pass_on(verdict, now_s, 1000 * (now_s - arrival.arrived_s))

    def probe(self) -> None:
        """Judge the golden windows; EngineError where they come out otherwise."""
        self._judge.self_test()
        self.advanced += 1

    def tick(self) -> None:
        """Tell the sinks that a second has passed."""
        for sink in self._sinks:
            self._try(sink, sink.tick)

    def close(self) -> None:
        """Close the sinks, the first one last."""
        for sink in reversed(self._sinks):
            self._try(sink, sink.close)

    def _judged(self, windows: list[Window]) -> list[Verdict]:
        try:
            verdicts = self._judge.judge(windows)
        except Exception as error:  # noqa: BLE001 - what the engine raises has no common base
            self._say_once("the model failed, its windows are rejected", error)
            return [rejected(window, window.rejected or ENGINE_FAILED) for window in windows]
        self.advanced += len(verdicts)
        return verdicts

    def _pass_on(self, verdict: Verdict, now_s: float, latency_ms: float) -> None:
        self.seen.windows += 1
        self.seen.rejected += verdict.rejected is not None
        self.seen.alarms += verdict.alarm
        alarms = self._alarms_at(verdict, now_s)
        for sink in self._sinks:
            self._try(sink, sink.put, verdict, alarms, latency_ms)

    def _try(self, sink: Sink, do: Callable[..., None], *what: object) -> None:
        """One sink that fails must not stop the others."""
        try:
            do(*what)
        except Exception as error:  # noqa: BLE001 - whatever it is
            self._say_once(f"{type(sink).__name__} failed", error)

    def _alarms_at(self, verdict: Verdict, now_s: float) -> list[Alarm]:
        watch, counts = self._watches[verdict.source], self._counts[verdict.source]
        before = watch.suppressed
        alarms = watch.watch(verdict, now_s)
        counts.suppressed += watch.suppressed - before
        return alarms

    def _say_once(self, what: str, error: Exception) -> None:
        line = f"{what}: {error}" if isinstance(error, EdgeGuardError) else f"{what} ({type(error).__name__}: {error})"
        if what not in self._said:
            log.error("%s", line)
        self._said.add(what)
