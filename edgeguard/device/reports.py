"""What a device tells the fleet, as messages: pure, but for the clock that it is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edgeguard import __version__
from edgeguard.bundle.manifest import Manifest
from edgeguard.device.samples import Verdict
from edgeguard.telemetry.messages import Alert, BundleFact, State, Status, Summary
from edgeguard.telemetry.tally import Tally


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

    def state(self, status: Status) -> State:
        """Whether the device is there, and with what."""
        bundle = BundleFact(name=self.manifest.name, version=self.manifest.version, sha256=self.bundle_sha256)
        return State(status=status, time_ms=self.now_ms(), boot=self.boot, software=__version__, bundle=bundle)

    def alert(self, seq: int, verdict: Verdict) -> Alert:
        """The alarm that `verdict` is; ValueError where its window was rejected."""
        if verdict.predicted is None:
            raise ValueError("a rejected window raises no alarm")
        return Alert(
            boot=self.boot,
            seq=seq,
            time_ms=self.now_ms(),
            bundle_sha256=self.bundle_sha256,
            window_start=verdict.start,
            score=self.manifest.disagreement.score,
            value=verdict.disagreement,
            threshold=self.manifest.disagreement.threshold,
            predicted=self.manifest.classes[verdict.predicted],
            confidence=min(verdict.confidence, 1.0),  # a mean of softmaxes may round to just above 1
            exit_probabilities=tuple(verdict.exit_probabilities[:, verdict.predicted].tolist()),
        )

    def summary(self, seq: int, interval_ms: tuple[int, int], dropped: int, tally: Tally) -> Summary:
        """What happened from the first to the second time of `interval_ms`."""
        return Summary(
            boot=self.boot,
            seq=seq,
            from_ms=interval_ms[0],
            to_ms=interval_ms[1],
            bundle_sha256=self.bundle_sha256,
            dropped=dropped,
            tally=tally,
        )
