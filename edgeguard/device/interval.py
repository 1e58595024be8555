"""What one source gives from one summary to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeguard.bundle.manifest import Manifest
from edgeguard.device.samples import StreamCounts, Verdict
from edgeguard.telemetry.summary import SummaryBuilder
from edgeguard.telemetry.tally import Tally


@dataclass(frozen=True)
class Taken:
    """One interval that is over.

    Attributes:
        from_ms: Its beginning, Unix milliseconds.
        to_ms: Its end.
        tally: What it held.
        battery: The lowest charge in it, 0 to 1; None where none was told.
    """

    from_ms: int
    to_ms: int
    tally: Tally
    battery: float | None


class Interval:
    """Counts of one source since its last summary.

    Args:
        counts: Live, and only ever growing: what was wrong with the source so far.
        manifest: Of the model that judges.
        now_ms: The wall clock; it may jump.
        monotonic: A clock that never jumps, in seconds.
    """

    def __init__(
        self,
        counts: StreamCounts,
        manifest: Manifest,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._counts = counts
        self._told = StreamCounts()
        self.judged_by(manifest)
        self._now_ms, self._monotonic = now_ms, monotonic
        self._begin()

    def _begin(self) -> None:
        self._from_ms, self._began = self._now_ms(), self._monotonic()
        self._battery: float | None = None

    @property
    def age_s(self) -> float:
        """How long it has lasted."""
        return self._monotonic() - self._began

    def put(self, verdict: Verdict, latency_ms: float) -> None:
        """Count one verdict."""
        if verdict.predicted is None:
            self._builder.reject(verdict.rejected or "unknown")
        else:
            self._builder.add(
                predicted=verdict.predicted,
                confidence=verdict.confidence,
                exit_probabilities=verdict.exit_probabilities,
                disagreement=verdict.disagreement,
                alarm=verdict.alarm,
                latency_ms=latency_ms,
            )

    def look(self) -> None:
        """About once a second: how much charge is left?"""
        if (charge := self._counts.battery) is not None:
            self._battery = charge if self._battery is None else min(self._battery, charge)

    def take(self) -> Taken:
        """What it held; the next interval begins."""
        self.look()
        before, now = self._told, replace(self._counts, faults=self._counts.faults.copy())
        self._told = now
        tally = self._builder.take(
            gaps=now.gaps - before.gaps,
            missing_samples=now.missing_samples - before.missing_samples,
            repeated_samples=now.repeated_samples - before.repeated_samples,
            faults=now.faults - before.faults,
            suppressed=now.suppressed - before.suppressed,
        )
        taken = Taken(self._from_ms, self._from_ms + round(1000 * self.age_s), tally, self._battery)
        self._begin()
        return taken

    def judged_by(self, manifest: Manifest) -> None:
        """Another model judges from here on; take what the old one judged before."""
        self._builder = SummaryBuilder(manifest.classes, manifest.temperature)
