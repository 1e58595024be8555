"""Metrics of the fleet as Prometheus reads them; the only module of the fleet that knows prometheus-client.

Base units; no label names a device, a wearer or the value of a group. docs/fleet-api.md lists the names.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgeguard.errors import MissingExtra
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.health import Health, health

try:
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, Metric, ProcessCollector
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import Collector
except ImportError as error:
    raise MissingExtra("prometheus_client") from error

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_LATENCIES_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STATUSES: Final = ("online", "stopped", "offline", "unknown")


class Latencies:
    """How long requests take, by route."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._histogram = Histogram(
            "edgeguard_fleet_http_request_seconds",
            "From a request to the end of its answer; streams are left out.",
            ["method", "route", "status"],
            buckets=_LATENCIES_S,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._histogram.labels(method, route, f"{status // 100}xx").observe(seconds)


class Timed:
    """ASGI middleware that times requests by their routes' templates: paths hold ids, and anybody can invent some."""

    def __init__(self, app: ASGIApp, latencies: Latencies) -> None:
        self._app = app
        self._latencies = latencies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.monotonic()

        async def counting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counting)
        finally:
            route = _template(scope)
            if route not in _STREAMS:
                self._latencies.count(_method(scope), route, status, time.monotonic() - began)


_STREAMS: Final = frozenset({"/api/v1/events"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _template(scope: Scope) -> str:
    """The route's path with names for its parameters; the prefix under which its router was included is put back."""
    own = getattr(scope.get("route"), "path", "")
    segments = scope["path"].split("/")
    missing = len(segments) - len(own.split("/"))
    if not own or missing < 0 or ":path}" in own:
        return own or "other"
    return "/".join(segments[: missing + 1]) + own


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


class _FleetCollector(Collector):
    def __init__(self, found: Health) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """All metrics of the fleet."""
        found, counts = self._found, asdict(self._found.counts)
        yield _gauges("devices", "Devices, by status.", "status", {name: counts[name] for name in _STATUSES})
        yield _gauge("attacked_devices", "Devices with more alarms than chance gives.", counts["attacked"])
        yield _gauge("drifting_devices", "Devices with a wrong clock, a flood or lost messages.", counts["drifting"])
        yield _gauges("pending_alarms", "Alarms that nobody has closed, by status.", "status", found.alarms)
        yield CounterMetricFamily(
            "edgeguard_fleet_messages",
            "Messages received; starts anew where a device is forgotten.",
            value=found.messages,
        )
        yield _gauge("stored_summaries", "Summaries in the database, as it reckons them.", found.summaries)
        yield _gauge("database_bytes", "Size of the database.", found.database_bytes)
        yield _gauges("quarantined_messages", "Messages set aside, by kind.", "kind", found.quarantined)
        yield _gauge("upkeep_backlog", "Sums over hours that the upkeep has to redo.", found.stale_hours)
        if found.last_message_ms is not None:
            yield _gauge("last_message_timestamp_seconds", "When the newest came.", found.last_message_ms / 1000)
        if found.upkeep_ms is not None:
            yield _gauge("upkeep_timestamp_seconds", "When the upkeep was last through.", found.upkeep_ms / 1000)
        alerts = GaugeMetricFamily(
            "edgeguard_fleet_fairness_alerts", "Gaps out of their band.", labels=["figure", "attribute"]
        )
        for key, count in found.fairness_alerts.items():
            alerts.add_metric(key, count)
        yield alerts


def exposition(database: Database, latencies: Latencies) -> bytes:
    """Everything, in Prometheus' text format; StoreUnavailable."""
    with database.reading() as connection:
        found = health(connection)
    registry = CollectorRegistry()
    registry.register(_FleetCollector(found))
    return generate_latest(registry) + generate_latest(latencies.registry)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"edgeguard_fleet_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    metric = GaugeMetricFamily(f"edgeguard_fleet_{name}", text, labels=[label])
    for key, value in values.items():
        metric.add_metric([key], value)
    return metric
