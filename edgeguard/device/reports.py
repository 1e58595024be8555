"""What a device tells the fleet, as messages: pure, but for the clock that it is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edgeguard import __version__
from edgeguard.bundle.manifest import Manifest
from edgeguard.device.commands import Answer
from edgeguard.device.interval import Taken
from edgeguard.device.samples import Alarm
from edgeguard.exits.one_window import mean_row, tempered
from edgeguard.telemetry.messages import Ack, Alert, BundleFact, Precious, State, Status, Summary

_STAGES: Final = "stages"  # what a slowdown alarm is summed over


def unix_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Reports:
    """Writes the messages of one device while it runs one bundle.

    Attributes:
        manifest: Of the bundle.
        bundle_sha256: Its hash.
        boot: Random for every start.
        now_ms: The wall clock; it may jump.
    """

    manifest: Manifest
    bundle_sha256: str
    boot: str
    now_ms: Callable[[], int] = unix_ms

    def state(self, status: Status, sources: tuple[str, ...]) -> State:
        """Whether the device is there, with what, and what it listens to."""
        return State(
            status=status,
            time_ms=self.now_ms(),
            boot=self.boot,
            software=__version__,
            bundle=BundleFact(name=self.manifest.name, version=self.manifest.version, sha256=self.bundle_sha256),
            sources=sources,
        )

    def alert(self, seq: int, alarm: Alarm) -> Alert:
        """That `alarm` begins or ends; ValueError where its window was rejected."""
        verdict = alarm.verdict
        if verdict.predicted is None:
            raise ValueError("a rejected window neither begins nor ends an alarm")
        mean = mean_row(verdict.exit_probabilities.tolist())
        return Alert(
            boot=self.boot,
            seq=seq,
            time_ms=self.now_ms(),
            bundle_sha256=self.bundle_sha256,
            source=verdict.source,
            kind=alarm.kind,
            raised=alarm.raised,
            windows=alarm.windows,
            suppressed=alarm.suppressed,
            window_start=verdict.start,
            score=_STAGES if alarm.kind == "slowdown" else self.manifest.disagreement.score,
            value=alarm.value,
            threshold=alarm.threshold,
            predicted=self.manifest.classes[verdict.predicted],
            confidence=min(verdict.confidence, 1.0),  # a mean of softmaxes may round to just above 1
            probabilities=dict(zip(self.manifest.classes, tempered(mean, self.manifest.temperature), strict=True)),
            exit_probabilities=tuple(verdict.exit_probabilities[:, verdict.predicted].tolist()),
        )

    def summary(
        self,
        seq: int,
        source: str,
        taken: Taken,
        *,
        dropped: Mapping[Precious, int],
        waiting: int,
    ) -> Summary:
        """What `source` gave in one interval."""
        return Summary(
            boot=self.boot,
            seq=seq,
            source=source,
            from_ms=taken.from_ms,
            to_ms=taken.to_ms,
            bundle_sha256=self.bundle_sha256,
            dropped=dict(dropped),
            waiting=waiting,
            battery=taken.battery,
            tally=taken.tally,
        )

    def ack(self, seq: int, answer: Answer) -> Ack:
        """The answer to a command."""
        return Ack(
            id=answer.id,
            boot=self.boot,
            seq=seq,
            time_ms=self.now_ms(),
            done=not answer.reason,
            reason=answer.reason,
        )
