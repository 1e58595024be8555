"""Prometheus metrics over HTTP on 127.0.0.1; the only module that knows prometheus-client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edgeguard.device.samples import Alarm, StreamCounts, Verdict
from edgeguard.telemetry.messages import BundleFact


@dataclass(frozen=True)
class Snapshot:
    """What the sink cannot see in verdicts; asked for at every scrape, in a thread of its own.

    Attributes:
        bundle: The model that runs.
        streams: The live counts of each source, by its name.
        waiting: Messages in the spool.
        dropped: Messages that the spool has lost, by kind.
        broker_connected: Whether the broker is there; None where none is configured.
    """

    bundle: BundleFact
    streams: Mapping[str, StreamCounts]
    waiting: int = 0
    dropped: Mapping[str, int] | None = None
    broker_connected: bool | None = None


class MetricsSink:
    """Counts verdicts, and serves the counts at http://127.0.0.1:<port>/metrics until it is closed.

    ConfigError where the port is taken.

    Args:
        port: 0 for any that is free.
        snapshot: Must not block.

    Attributes:
        port: That it listens on.
    """

    port: int

    def __init__(self, port: int, snapshot: Callable[[], Snapshot]) -> None:
        raise NotImplementedError

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:
        """Count one verdict."""

    def tick(self) -> None:
        """Scrapes come by themselves."""

    def close(self) -> None:
        """Stop serving; harmless when called twice."""
