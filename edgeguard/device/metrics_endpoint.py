"""Prometheus metrics over HTTP on 127.0.0.1; the only module that knows prometheus-client.

Base units, and no label says who wears the device. docs/device.md lists the names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from edgeguard.device.samples import Alarm, StreamCounts, Verdict
from edgeguard.errors import ConfigError, MissingExtra
from edgeguard.telemetry.messages import BundleFact

try:
    from prometheus_client import CollectorRegistry, Metric, ProcessCollector, start_http_server
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        InfoMetricFamily,
    )
    from prometheus_client.registry import Collector
except ImportError as error:
    raise MissingExtra("prometheus_client") from error

HOST: Final = "127.0.0.1"
_LATENCIES_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_EDGES: Final = (*map(str, _LATENCIES_S), "+Inf")


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
    dropped: Mapping[str, int] = field(default_factory=dict)
    broker_connected: bool | None = None


class MetricsSink:
    """Counts verdicts, and serves the counts at http://127.0.0.1:<port>/metrics until it is closed.

    ConfigError where the port is taken. A verdict costs a few additions and no lock: a scrape may see one of its counts
    and not yet another.

    Args:
        port: 0 for any that is free.
        snapshot: Must not block.

    Attributes:
        port: That it listens on.
    """

    def __init__(self, port: int, snapshot: Callable[[], Snapshot]) -> None:
        self._counts = _Counts()
        registry = CollectorRegistry()
        registry.register(_DeviceCollector(self._counts, snapshot))
        ProcessCollector(registry=registry)  # memory, CPU time and open files of this process, on Linux
        try:
            self._server, self._thread = start_http_server(port, HOST, registry)
        except OSError as error:
            raise ConfigError(
                f"metrics cannot be served at {HOST}:{port} ({error.strerror}): choose another metrics.port"
            ) from error
        self.port = int(self._server.server_port)

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:
        """Count one verdict."""
        counts = self._counts
        counts.windows[verdict.source] += 1
        if verdict.predicted is None:
            counts.rejected[verdict.source, verdict.rejected or "unknown"] += 1
            return
        counts.stages += verdict.stages
        latency_s = latency_ms / 1000
        counts.latencies[bisect_left(_LATENCIES_S, latency_s)] += 1
        counts.latency_sum_s += latency_s
        for alarm in alarms:
            counts.alarms[verdict.source, alarm.kind] += alarm.raised

    def tick(self) -> None:
        """Scrapes come by themselves."""

    def close(self) -> None:
        """Stop serving; harmless when called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


@dataclass
class _Counts:
    windows: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, ...]] = field(default_factory=Counter)
    alarms: Counter[tuple[str, ...]] = field(default_factory=Counter)
    stages: int = 0
    latencies: list[int] = field(default_factory=lambda: [0] * len(_EDGES))
    latency_sum_s: float = 0.0


class _DeviceCollector(Collector):
    """Turns counts into metrics when somebody asks; ``dict(…)`` copies what the worker changes in one step."""

    def __init__(self, counts: _Counts, snapshot: Callable[[], Snapshot]) -> None:
        self._counts = counts
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """All metrics of the device."""
        counts, snapshot = self._counts, self._snapshot()
        yield _total("windows", "Windows cut, rejected ones too.", ["source"], _keyed(counts.windows))
        yield _total("rejected_windows", "Windows not judged.", ["source", "reason"], dict(counts.rejected))
        yield _total("alarms", "Alarms that began and were told.", ["source", "kind"], dict(counts.alarms))
        yield CounterMetricFamily("edgeguard_stages", "Stages of the model that were run.", value=counts.stages)
        yield _latency(counts)
        yield from _of_streams(dict(snapshot.streams))
        yield from _of_messages(snapshot)
        yield InfoMetricFamily(
            "edgeguard_bundle",
            "The model that runs.",
            value={"name": snapshot.bundle.name, "version": snapshot.bundle.version, "sha256": snapshot.bundle.sha256},
        )


def _of_streams(streams: Mapping[str, StreamCounts]) -> Iterator[Metric]:
    by_source: dict[str, tuple[str, Callable[[StreamCounts], int]]] = {
        "gaps": ("Jumps forward in the samples.", lambda stream: stream.gaps),
        "missing_samples": ("Samples that the jumps left out.", lambda stream: stream.missing_samples),
        "repeated_samples": ("Samples that came again or too late.", lambda stream: stream.repeated_samples),
        "suppressed_alarms": ("Alarms that the rate limit held back.", lambda stream: stream.suppressed),
    }
    for name, (text, count_of) in by_source.items():
        yield _total(name, text, ["source"], {(source,): count_of(stream) for source, stream in streams.items()})
    battery = GaugeMetricFamily(
        "edgeguard_battery_ratio", "Charge of the wearable's battery, 0 to 1.", labels=["source"]
    )
    for source, stream in streams.items():
        if stream.battery is not None:
            battery.add_metric([source], stream.battery)
    yield battery
    faults: Counter[tuple[str, ...]] = Counter()
    for source, stream in streams.items():
        faults.update({(source, kind): count for kind, count in dict(stream.faults).items()})
    yield _total("faults", "What else was wrong with a source.", ["source", "kind"], faults)


def _of_messages(snapshot: Snapshot) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "edgeguard_spool_waiting_messages", "Messages that the broker does not have yet.", value=snapshot.waiting
    )
    yield _total("spool_dropped_messages", "Messages that the spool has lost.", ["kind"], _keyed(snapshot.dropped))
    if snapshot.broker_connected is not None:
        connected = int(snapshot.broker_connected)
        yield GaugeMetricFamily("edgeguard_broker_connected", "1 while the broker is there, else 0.", value=connected)


def _latency(counts: _Counts) -> Metric:
    sums = accumulate(list(counts.latencies))
    return HistogramMetricFamily(
        "edgeguard_latency_seconds",
        "From the last sample of a window to its verdict.",
        buckets=list(zip(_EDGES, sums, strict=True)),
        sum_value=counts.latency_sum_s,
    )


def _total(name: str, text: str, labels: Sequence[str], values: Mapping[tuple[str, ...], int]) -> Metric:
    metric = CounterMetricFamily(f"edgeguard_{name}", text, labels=labels)
    for key, value in values.items():
        metric.add_metric(key, value)
    return metric


def _keyed(counts: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    return {(name,): count for name, count in dict(counts).items()}
